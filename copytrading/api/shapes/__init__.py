"""What goes in and out, one module per noun. A shape reads what a query returned; it computes nothing."""
