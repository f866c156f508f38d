"""People and their money. Knows nothing of trading."""

from accounts.models.access import Device, ProgramKey, RefreshToken
from accounts.models.money import Asset, Balance, Hold, Journal, LedgerAccount, Posting, Transfer
from accounts.models.operators import AuditEntry, AuditHead, OperatorRequest, Vouching
from accounts.models.people import IdempotentRequest, RequestKey, User
from accounts.models.personal import Archive, ArchiveFile, Erasure

__all__ = [
    "Archive",
    "ArchiveFile",
    "Asset",
    "AuditEntry",
    "AuditHead",
    "Balance",
    "Device",
    "Erasure",
    "Hold",
    "IdempotentRequest",
    "Journal",
    "LedgerAccount",
    "OperatorRequest",
    "Posting",
    "ProgramKey",
    "RefreshToken",
    "RequestKey",
    "Transfer",
    "User",
    "Vouching",
]
