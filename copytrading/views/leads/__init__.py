"""Looking at leads: the list, a lead's page, choosing among them, and what copying one would have brought."""
