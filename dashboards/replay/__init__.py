"""Captured pages shown again: cleaned, without scripts, and from another origin than the desk's."""
