"""Sellers over time: distinct items, rolling windows, and what a history shows for and against."""
