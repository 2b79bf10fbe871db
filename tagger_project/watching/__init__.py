"""What tells others how the program is: health, numbers, the log."""
