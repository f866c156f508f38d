"""
Sizing modes: what a copy aims at, given what the lead holds and orders.

    mode         what a mode sees, and what it answers
    smart_sync   the lead's ratios
    custom       the lead's orders, one by one
    registry     all modes by name and number

Everything after the aim is the same for all of them: cash, netting, orders, ledger. docs/how-to.md adds one.
"""
