"""Runs: scoring many rows."""
