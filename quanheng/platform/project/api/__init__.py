"""The root of the API under ``/api/v1``."""
