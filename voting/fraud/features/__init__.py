"""Features of recorded ballots, computed from the values they share with others."""
