"""What the past says: of a lead's record, and of how near its copies stayed."""
