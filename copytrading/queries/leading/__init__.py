"""What a lead reads of leading, beside the console: who was invited and came, and how much has followed day by day."""
