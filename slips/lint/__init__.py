"""Lint of forms: rules are data (`layouts/lint/`), measures are functions, findings say box, measured value, limit and place."""
