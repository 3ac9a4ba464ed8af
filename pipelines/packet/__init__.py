"""Evidence packets: one sealed ZIP per listing that others can verify without us."""
