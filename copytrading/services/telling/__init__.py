"""
Telling people what happened: notices are written where it happens, then spread over the channels, then sent.

    notices         the one place that writes them, called inside the transaction of what happened
    watching        looks for what nobody did: falls, stop losses that are near, milestones, results of a week
    spreading       from a notice to its deliveries, as people want it
    sending         claims what is due, sends it, notes what became of it; mail and push say how
    habits          what people want: switches, hours, devices
    safety          word of sign-ins, passwords and factors
"""
