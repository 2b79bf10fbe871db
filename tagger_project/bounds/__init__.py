"""What the program refuses before it works on it, and the headers of whatever it answers."""
