"""The commands of `tracemark` that visit sites or read pages."""
