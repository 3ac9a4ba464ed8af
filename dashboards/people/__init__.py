"""Who uses the desk, and what each of them may do."""
