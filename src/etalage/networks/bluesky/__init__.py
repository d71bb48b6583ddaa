"""Bluesky: a connector for accounts on any server of the network. See README.md."""
