"""Splits documents into passages, encodes them, keeps an index on disk up to date with a folder, and searches it.

Updates are atomic: after a crash at any point, the index is either in its old or in its new state.
"""
