"""
Webhooks: what happened is posted to an address of the person's own, signed as Standard Webhooks are.

    webhooks        the verbs of a person: add, change, rotate, go on, remove, test, send again
    targets         which addresses may be called at all, and at which machine
    hook_secrets    what signs: made, sealed, opened
    events          one thing that happened, as it is sent
    spreading       from what happened to the deliveries of those who want it
    deliveries      claimed, noted, tried again, given up
    posting         one POST to the machine that was checked, within its time
    calling         the rounds: spread, claim, post, note
"""
