"""The store: what was seen, assessed and decided, on SQLite or PostgreSQL."""
