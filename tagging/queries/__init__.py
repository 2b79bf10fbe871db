"""What pages and the API read."""
