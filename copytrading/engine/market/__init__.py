"""The market of a decision: its board, the books, and which price may be acted on."""
