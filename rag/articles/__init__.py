"""Reads a folder of files into cleaned documents, and splits text into paragraphs and sentences with exact offsets.

It knows nothing of indexes, questions or models.
"""
