"""What is kept of a person: every table, what of it an archive has, and what an erasure leaves."""
