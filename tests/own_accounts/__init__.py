"""A thousand copies on accounts of their followers' own, at a venue over HTTP: whose order is whose, and how near."""
