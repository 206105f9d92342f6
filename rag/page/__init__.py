"""The chat page: answers as HTML, and what stands around them."""
