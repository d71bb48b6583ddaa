"""The practice network: a connector, and beside it a network of its own to practise on. See README.md."""
