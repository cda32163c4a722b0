"""Identity: voters' credentials, proof of work, staff keys and sessions, and all keys."""
