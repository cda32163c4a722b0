"""Who somebody is: voters' credentials, proof of work, staff keys and sessions, and every key."""
