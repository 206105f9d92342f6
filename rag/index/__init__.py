"""Documents become passages, vectors and an index on disk, which is kept in step with its folder and searched.

What is in here may crash at any moment: the index is as before or after.
"""
