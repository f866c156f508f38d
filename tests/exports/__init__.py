"""The same four trades, and the same bars, as each exchange and program would hand them out."""
