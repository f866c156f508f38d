"""
The engine decides: numpy and Decimal in, values out.

It knows no database, clock, network or randomness, so the same code plans a
live cycle, replays a recorded year and proves itself in a test.

Three axes recur, always in this order:

    N  copies (rows), or P participants of one market's order, or K investments
    A  assets (columns)

Quantities and cash are *whole units* (int64). A unit price is the number of quote
units that one base unit costs, `price * 10 ** (quote decimals - base decimals)`, as
float64. Floats decide; whole units move.
"""
