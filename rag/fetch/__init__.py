"""Fetches articles that a user names by their web addresses into the folder of articles, and never anything else.

It knows nothing of indexes, questions or models; nothing but ``ask add`` uses the network through it.
"""
