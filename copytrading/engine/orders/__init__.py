"""From wishes to one order a market, and from its fill back to shares."""
