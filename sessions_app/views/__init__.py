"""Pages of the tagging desk."""
