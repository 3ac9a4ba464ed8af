"""What grows, and how much of what is offered where: counts of items, never of people, and never of arms."""
