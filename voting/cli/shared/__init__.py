"""What commands share: settings and services, who acts, and reading tables."""
