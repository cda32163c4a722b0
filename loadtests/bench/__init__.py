"""The cost of a ballot, and of reads: `make bench`."""
