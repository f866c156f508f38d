"""A day of a platform in half an hour; see __main__."""
