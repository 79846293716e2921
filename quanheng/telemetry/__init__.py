"""Columnar readings."""
