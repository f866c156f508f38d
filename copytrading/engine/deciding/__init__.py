"""Who trades what now, and why: one decision for everybody who asks."""
