"""
A paper venue: a small spot exchange that fills orders from a made-up book.

It is as far away as a real one. Its tables are its own, nothing outside points
into them, and it is reached only through the protocol of a venue.
"""
