"""Raw records and certificates over the API."""
