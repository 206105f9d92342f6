"""The chat page: answers as HTML, the conversation, and the shelf of articles beside it.

What users type, upload and send is data in here, never markup, code or paths.
"""
