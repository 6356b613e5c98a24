"""What we say about it: announcements now, incidents and maintenance with later features."""
