"""The chat page: answers as HTML, the conversation, and the shelf of articles behind it.

Whatever users type, upload or send is data here, never markup, code or a path.
"""
