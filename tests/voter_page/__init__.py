"""The voter's page: what it sends, and what it says, when answers are lost."""
