"""Answers reviewed by people: which one is looked at next and by whom, what was decided, and how far it can be trusted.

Everything is in one SQLite file, the one that ratings are kept in."""
