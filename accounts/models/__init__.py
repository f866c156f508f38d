"""People and their money. Knows nothing of trading."""

from accounts.models.money import Asset, Balance, Hold, Journal, LedgerAccount, Posting, Transfer
from accounts.models.people import IdempotentRequest, RequestKey, User

__all__ = [
    "Asset",
    "Balance",
    "Hold",
    "IdempotentRequest",
    "Journal",
    "LedgerAccount",
    "Posting",
    "RequestKey",
    "Transfer",
    "User",
]
