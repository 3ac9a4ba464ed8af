"""Workers: visits and tasks of a store that several machines share."""
