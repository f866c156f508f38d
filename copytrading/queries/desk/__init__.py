"""What operators say to people and note of them, and what people complain of, as it is read."""
