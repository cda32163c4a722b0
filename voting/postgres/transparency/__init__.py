"""The public log, certified bundles and openings."""
