"""
Real exchanges, reached through ccxt and believed only as far as their answers prove something.

    venue, linked, prices    what the platform uses
    wire                     asks and sends: budget, clock, retries of reads, never of writes
    client                   ccxt's own client, with what it really heard kept beside its opinion
    verdicts                 what an answer can prove at all
    holdings, own_trades     all that an account holds, place by place, what it is worth there, and what it traded
    answers                  ccxt's structures in our values, or a clear "not understood"
    dialects                 what differs between exchanges, a file each: its codes, its calls, its windows
    clock, budget            the venue's time; how much we may ask, shared by all processes

ccxt is imported by the first client and not before: it takes seconds and sixty megabytes, which an installation with
paper money need not pay.
"""
