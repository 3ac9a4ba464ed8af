"""Accounts that look like one hand: what they have in common, the links made of it, and what people say to them."""
