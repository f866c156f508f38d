"""
Who is let in: the doors that pages and the API call before money moves, and what stands in them.

    entering        the doors: start and increase a copy, deposit, withdraw, become a lead
    signing_up      the door of people who are not here yet
    readiness       what a jurisdiction's pack asks before a copy: texts, questionnaire, a while
    consents        accepting a text in its version
    suitability     answering the questionnaire
    jurisdictions   whose rules count
    losses          the share of copies that lost money, counted once a day
    gates           the operator's own check: asked, logged, believed for as long as it says
    cases           what the check leaves to an operator
    refusals        what is said no with

With no pack and no gate every door is the verb behind it, and no statement more.
"""
