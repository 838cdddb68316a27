"""Data: rows from files."""
