"""Keeping a shop: who runs on it, backups and their way back, and the change of keys."""
