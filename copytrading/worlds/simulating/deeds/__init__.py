"""What people, leads, strangers and the venue do in a world."""
