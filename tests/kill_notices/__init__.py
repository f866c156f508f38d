"""A campaign of its own: whoever sends notices is killed while they go out."""
