"""A small social network with simulated people, a program of its own behind HTTP. Nothing on it is real."""
