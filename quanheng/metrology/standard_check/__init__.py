"""Checks of measurement standards (JJF 1033-2023): repeatability, stability, verification, control charts."""
