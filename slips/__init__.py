"""What is seen: layout → template → pages → PDF and manifest; `slips.proof` reads printed pages back."""
