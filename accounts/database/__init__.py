"""How rows go to the database in bulk, and which login may do what there."""
