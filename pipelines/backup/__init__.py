"""Backups: a whole workspace in one file, and back, on either kind of database."""
