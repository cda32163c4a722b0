"""From counts and marks to points, ranks, outcomes and awards."""
