"""Files as exchanges and programs hand them out: one small reader a format, found by its header."""
