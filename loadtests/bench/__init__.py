"""The cost of a ballot: `make bench`, and single routes."""
