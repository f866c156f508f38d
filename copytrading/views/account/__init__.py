"""What belongs to a person: the wallet, notices, keys and devices, and the demo's mailbox."""
