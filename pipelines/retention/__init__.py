"""What is deleted, when and why; what must stay; and what is left to say that something was there."""
