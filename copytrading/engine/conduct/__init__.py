"""What leads do that those who copy them should not pay for: a rule a file, each a pure function with its threshold."""
