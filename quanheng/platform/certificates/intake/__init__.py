"""Certificates of others: read, matched to the ledger, put in by a person's decision, taken back as one."""
