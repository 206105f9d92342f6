"""Makes an answer from readings: groups and compares them, computes confidence, cites sentences, and renders it.

It decides whether an answer is given. The reader finds the answers in the passages.
"""
