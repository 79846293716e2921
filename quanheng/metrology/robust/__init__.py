"""Robust statistics of proficiency tests and collaborative studies (ISO 13528, ISO 5725)."""
