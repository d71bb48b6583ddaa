"""The pages on which staff look at sales."""
