"""Template filters of all rooms."""
