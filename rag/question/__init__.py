"""Parses questions: their words, the form of answer they ask for, and the references of follow-up questions.

It knows nothing of indexes or models.
"""
