"""How a publication gets to its network: once in effect, whatever dies half-way."""
