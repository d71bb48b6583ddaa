"""The demo: a shop of believable scale, made from a seed, beside a practice network."""
