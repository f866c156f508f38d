"""What is read of the ledger's journals: checked, written out, told."""
