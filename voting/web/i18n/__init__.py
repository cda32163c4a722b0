"""Every word that no contest brings along, in Chinese and English."""
