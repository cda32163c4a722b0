"""The one door to MaxMind DB files: the network of an address."""
