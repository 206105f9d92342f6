"""The road of a question begins here: its words, the kind of answer it wants, and what a follow-up leaves unsaid.

What is in here reads questions; it knows no index and no model.
"""
