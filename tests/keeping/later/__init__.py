"""The program as a later version might be: one room has migrations that change a table with rows."""
