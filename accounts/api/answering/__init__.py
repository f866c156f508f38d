"""What every answer of the API has in common, and how that is described."""
