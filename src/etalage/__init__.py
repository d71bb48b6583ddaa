"""Etalage: the social business of a retailer in one program."""

__version__ = "0.1.0"
