"""What the system does, one folder a subject."""
