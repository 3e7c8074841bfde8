"""What was paid: receipts against assessments, and the ledger that says so. Nothing is imported here."""
