"""
What somebody is told and asked before they copy.

    packs       whose rules count for whom
    warnings    the warning beside a lead, with the platform's own loss figure
    consents    which texts somebody has accepted, and which they have not
    answers     the questionnaire as somebody answered it last
"""
