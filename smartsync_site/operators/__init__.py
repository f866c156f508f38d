"""Where operators come in, and what each of them may do."""
