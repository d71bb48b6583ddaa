"""Reads a file of rows, whatever program wrote it: CSV of any dialect and encoding, gzip, XLSX. Plain Python.

Rows stream: memory does not grow with the file.
"""
