"""
The platform in a world that we hold: one seed decides what happens, who works when, what fails and where workers die.

    swarm            which faults a seed has, and how often
    workers          threads that pass one baton: exactly one runs
    database_points  where a worker may be interrupted or die: around statements, commits
    venue            an exchange in memory that fails as real ones do, and knows the truth
    own_venue        accounts of people's own at that exchange, in every eighth seed: see deeds/own_accounts
    rings            the bell between them: rings get lost, come twice, come late
    world            markets with true prices, leads, followers and their money
    coin_fates       coins that are counted anew or halted, and the operators who judge them
    suspense         the operators again, when the venue did what nobody waits for any more
    lead_deeds       what leads do; people: what followers and operators do; limit_orders: what waits in their wallets
    snapshot         what is in the database, read in one statement
    rulebook         what must hold after every step; rules_*: a function for each sentence
    liveness         what must come about in the end
    story            one seed from its beginning to its end
    campaign         many seeds, and planted bugs that must be caught

Engine, services, ledger and PostgreSQL are the real ones. The same seed gives the same story, line by line.
"""
