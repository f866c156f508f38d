"""Being a lead: the application, the console, its orders, and an account elsewhere."""
