"""A platform as on a server whose parts are stopped one after the other; see __main__."""
