"""A campaign of its own: whoever brings, books and compares money is killed while transfers come and go."""
