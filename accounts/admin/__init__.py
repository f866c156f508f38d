"""
What operators see of people and their money. People can be changed; money can only be read.
"""

from accounts.admin.money import (
    AssetAdmin,
    BalanceAdmin,
    HoldAdmin,
    JournalAdmin,
    LedgerAccountAdmin,
    PostingAdmin,
)
from accounts.admin.people import AuditAdmin, IdempotentRequestAdmin, PersonAdmin, RequestKeyAdmin

__all__ = [
    "AssetAdmin",
    "AuditAdmin",
    "BalanceAdmin",
    "HoldAdmin",
    "IdempotentRequestAdmin",
    "JournalAdmin",
    "LedgerAccountAdmin",
    "PersonAdmin",
    "PostingAdmin",
    "RequestKeyAdmin",
]
