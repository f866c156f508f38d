"""What people fill in: from what they typed to whole units. The rules live in the services, which may still refuse."""
