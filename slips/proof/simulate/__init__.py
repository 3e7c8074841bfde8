"""Print and scan, simulated: the ink of a symbol or a form, 23 defects, and the scanner; same seed, same pixels."""
