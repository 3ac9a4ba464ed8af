"""Saved searches that tell their owners of new hits: once for each item, at a rhythm of their own."""
