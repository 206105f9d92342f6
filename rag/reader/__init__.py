"""Readers: question and passages in, answers out."""
