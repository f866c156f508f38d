"""A person's own data: the archive of it, the erasure of it, and how long it is kept."""
