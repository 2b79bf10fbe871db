"""What pages, sockets and the API read."""
