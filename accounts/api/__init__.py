"""What every door of the API has: who may come in, how a no looks, and that a retry does nothing twice."""
