"""Emitters: pure functions from a Report (or a locked set of them) to text. Sorted, clockless."""
