"""Registers that others publish or lawfully hold: dealers' licences, and stolen serial numbers."""
