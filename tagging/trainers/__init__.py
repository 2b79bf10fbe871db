"""What each trainer reads: profiles, caption templates, layouts of archives, buckets. Pure: no Django."""
