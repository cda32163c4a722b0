"""Senders of messages to voters' phones."""
