"""The practice network for the tests of this room."""

from tests.practice_network import practice, practice_program

__all__ = ["practice", "practice_program"]
