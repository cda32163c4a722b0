"""Groups of held ballots: what a reviewer decides about, with evidence and impact."""
