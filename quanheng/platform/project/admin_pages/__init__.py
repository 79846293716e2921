"""Pages of the administration beside accounts: tokens of the API, the audit trail and its seals."""
