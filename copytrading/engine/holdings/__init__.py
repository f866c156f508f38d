"""Who holds what, on which terms, and what it is worth."""
