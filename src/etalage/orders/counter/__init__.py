"""The counter: find a reservation, hand it over, call it off, use a promotion code, print shelf labels."""
