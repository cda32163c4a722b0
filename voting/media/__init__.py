"""The one door to MediaInfo: facts of entries' videos."""
