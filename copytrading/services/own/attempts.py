"""How often somebody may try a key in an hour: each try asks the exchange, on pages and by program together."""

from accounts import rate_limits
from accounts.models import User

ATTEMPTS_MAX, ATTEMPTS_SECONDS = 10, 3600


def may_try(user: User) -> bool:
    """Count one attempt more, and return whether it is within those of an hour."""
    return rate_limits.counted(f"own-account-attempts:{user.pk}", seconds=ATTEMPTS_SECONDS) <= ATTEMPTS_MAX
