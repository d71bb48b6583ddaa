"""Mastodon, and servers that speak its API. See README.md."""
