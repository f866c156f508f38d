"""What is shown of a lead's book, to whom, and up to which moment."""
