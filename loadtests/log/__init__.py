"""Campaigns on the public log: crashes under load, batches that commit in another order, restored backups."""
