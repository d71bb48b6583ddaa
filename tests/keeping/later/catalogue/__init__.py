"""The catalogue's migrations of a later version."""
