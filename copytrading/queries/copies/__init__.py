"""What is read of copies: what they hold, are worth, earned and missed, and when they have lost too much."""
