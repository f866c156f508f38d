"""Markets and coins as they stand: the board that a decision sees, and what of it is in doubt, closed or recounted."""
