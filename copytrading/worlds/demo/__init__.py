"""
A world to look at: invented leads who really trade, a market that moves, a few people who copy.

    people         who can sign in, and who copies whom
    characters     how each invented lead decides
    history        what these rules would have done before the weeks that are lived
    weeks          the last weeks before today, lived through the services that everybody uses
    recorded_lead  a lead whose real fills are played back
    world          set all of this up, once
    acting         the leads' decisions while the market runs
    feeding        one second of the market
    gate           a check that lets people in by rule
"""
