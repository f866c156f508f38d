"""
Copies that trade on their followers' own accounts at the exchange: the second kind of custody.

    accounts   connecting one by a key that can trade and not withdraw, looking at it, disconnecting it
    venues     opening accounts with their keys
    rounds     whose turn it is; look and decide, for all copies of a lead at once
    acting     claim, send once, record; ask about what did not answer
    booking    what was traded there, in the ledger: a copy against the mirror of its account
    ending     reductions and stops: the money stays where it is, and the copy lets go of it
"""
