"""
The kill campaign: real processes, a venue on the other side of a socket, and kill −9 in the worst moments.

    make kill KILLS=100          or: python -m tests.campaign --kills 100 --seed 1

    fleet      web, two workers, beat, feed, PostgreSQL, Valkey: started, killed, started again
    town       leads, followers and their money
    traders    the leads and followers who trade all the time, through the services and the API
    points     the moments inside a worker at which it can be told to die or to sleep
    killer     who dies next, and how
    verdict    the books against the venue, trade by trade

At the end the faults stop and everything has a minute to come to rest. Then every trade of the venue must be booked
once, none twice, nothing be open, and the ledger equal custody to the unit. A second, naive arm runs workers that
send an order again when they do not know what became of it, and must double some: what cannot fail proves nothing.
"""
