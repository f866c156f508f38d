"""
What operators see of people and their money. People can be changed; money can only be read.

Operators sign in the way everybody does, so that the same throttle and second factor guard this door.
"""

from allauth.account.decorators import secure_admin_login
from django.contrib import admin

from accounts.admin.money import (
    AssetAdmin,
    BalanceAdmin,
    HoldAdmin,
    JournalAdmin,
    LedgerAccountAdmin,
    PostingAdmin,
    TransferAdmin,
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
    "TransferAdmin",
]

admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]
admin.site.site_header = "Smart Sync operators"
admin.site.site_title = "Smart Sync operators"
admin.site.index_title = "Everything there is"
admin.site.empty_value_display = "—"
