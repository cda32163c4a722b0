"""Groups of held ballots for review, with evidence and impact."""
