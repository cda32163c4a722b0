"""Pages of organisers, reviewers, judges and auditors."""
