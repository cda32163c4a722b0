"""Features of recorded ballots: what each shares with others, and how remarkable that is."""
