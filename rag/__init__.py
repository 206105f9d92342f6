"""Answers from a folder of articles, each with the sentence it was copied from."""

__version__ = "0.1.0"
