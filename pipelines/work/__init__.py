"""Work that several machines share: who holds what, and who is there."""
