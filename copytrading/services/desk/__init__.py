"""What operators say to people and note of them, and how they deal with complaints."""
