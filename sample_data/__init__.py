"""Synthetic slips of みほん市, a city that does not exist: for the README and the benches."""
