"""History read again by other rules: what would fire, what would not any more, and on which items it rests."""
