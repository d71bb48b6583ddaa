"""One small world that every room's tests may ask for."""
