"""Measures the product against questions with known answers; never imported by it."""
