"""A version becomes archives that a trainer loads."""
