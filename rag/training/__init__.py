"""Makes the weights, the ONNX graphs and the confidence from training data that does not ship with the package.

It needs the extra [train]. No other package imports it, and answering works without it.
"""
