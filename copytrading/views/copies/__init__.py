"""A follower's copies: starting one, all of them, one of them, what happened to them."""
