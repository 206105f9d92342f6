"""Passages become readings: the answers that a model finds in them, with exact offsets and probabilities.

Only what answering needs is in here; how weights are made is told in rag.training.
"""
