"""Where the road of an article begins: a folder of files becomes documents, cleaned, in paragraphs and sentences.

What is in here knows text and its offsets; it knows no index, question or model.
"""
