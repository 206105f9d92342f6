"""Readings become an answer: weighed, grouped, held against each other, cited, written out or withheld.

What is in here decides; it reads no passage itself.
"""
