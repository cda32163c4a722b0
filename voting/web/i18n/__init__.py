"""All texts of pages and messages except those of contests, in Chinese and English."""
