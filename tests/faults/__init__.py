"""The program under fire: `python -m tests.faults`."""
