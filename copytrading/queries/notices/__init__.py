"""What people are told: the registry of kinds and topics, when somebody wants to be told, and the list of it."""
