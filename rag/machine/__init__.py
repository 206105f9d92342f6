"""Code that depends on the machine: processor features, folders, ONNX graphs, and silencing of libraries.

It knows nothing of articles, questions or answers.
"""
