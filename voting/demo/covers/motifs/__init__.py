"""Motifs, a module per category; a motif's origin is the middle of its foot, and it is up to 200 wide and 210 high."""
