"""The public log: the key that signs it, the sequencer that appends to it, and those who read it."""
