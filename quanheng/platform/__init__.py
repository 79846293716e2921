"""The Django product: one app per bounded context."""
