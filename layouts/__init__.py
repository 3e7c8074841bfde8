"""Numbers and words, no code: forms, labels, payload profiles and problem sentences as data files."""
