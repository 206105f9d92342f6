"""How weights, graphs and confidence are made, from data that does not ship.

It needs the extra [train]; no other room imports it, and answering works without it.
"""
