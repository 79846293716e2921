"""The demo region: a fictional city with its counties, built by the same services as in production."""
