"""The wallet, what is traded with it, and accounts of people's own at the exchange."""
