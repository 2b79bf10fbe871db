"""What the board of a dataset shows, counted."""
