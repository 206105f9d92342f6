"""What the machine offers: its cores, the user's folders, ONNX graphs filled with weights, libraries kept quiet.

Nothing in here knows of articles, questions or answers.
"""
