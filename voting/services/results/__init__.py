"""Results: reports, marks and metrics, awards, simulation."""
