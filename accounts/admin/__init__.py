"""
What operators see of people and their money, and what they ask each other for. Nothing is changed by hand.
"""

from accounts.admin.access import DeviceAdmin, ProgramKeyAdmin, RefreshTokenAdmin
from accounts.admin.money import (
    AssetAdmin,
    BalanceAdmin,
    HoldAdmin,
    JournalAdmin,
    LedgerAccountAdmin,
    PostingAdmin,
)
from accounts.admin.people import AuditAdmin, IdempotentRequestAdmin, PersonAdmin, RequestKeyAdmin, RoleAdmin
from accounts.admin.requests import AuditEntryAdmin, AuditHeadAdmin, OperatorRequestAdmin, VouchingAdmin

__all__ = [
    "AssetAdmin",
    "AuditAdmin",
    "AuditEntryAdmin",
    "AuditHeadAdmin",
    "BalanceAdmin",
    "DeviceAdmin",
    "HoldAdmin",
    "IdempotentRequestAdmin",
    "JournalAdmin",
    "LedgerAccountAdmin",
    "OperatorRequestAdmin",
    "PersonAdmin",
    "PostingAdmin",
    "ProgramKeyAdmin",
    "RefreshTokenAdmin",
    "RequestKeyAdmin",
    "RoleAdmin",
    "VouchingAdmin",
]
