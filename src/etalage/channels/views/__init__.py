"""Pages of the room `channels`."""
