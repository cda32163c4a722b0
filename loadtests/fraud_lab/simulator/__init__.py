"""People, browsers, networks and times of one simulated contest, and its ballots as events."""
