"""Groups, decisions and suspect cells."""
