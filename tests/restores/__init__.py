"""Yesterday's database beside today's venue, a hundred times: what is sent, under which ids, and what is explained."""
