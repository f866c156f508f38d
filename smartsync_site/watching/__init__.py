"""What processes say of themselves: beats, figures, health, log lines."""
