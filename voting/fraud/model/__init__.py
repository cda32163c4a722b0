"""The fitted part of a policy: an ensemble of small trees, and clusters of doubtful ballots."""
