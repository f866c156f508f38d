"""The only door to the market: protocols, the paper venue and the sources of prices."""
