"""What was paid: receipts against assessments. The nightly batch has its room here; nothing in it yet."""
