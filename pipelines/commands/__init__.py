"""The commands of `tracemark` that work on store, vault, index and packets."""
