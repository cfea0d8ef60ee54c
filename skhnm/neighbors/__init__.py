"""Who is near whom, optionally of one's own or of another class."""
