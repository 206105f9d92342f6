"""Finds answers in passages with a model, with exact offsets and probabilities.

It contains only what is needed to answer questions. rag.training makes the weights.
"""
