"""Settings: the business, its stores, its members, ways in, and the audit trail."""
