"""Commands for what voters are told, and what they say."""
