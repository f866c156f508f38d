"""How often one may ask: weights per minute, as the venue counts them."""

from dataclasses import dataclass

MINUTE_MS = 60_000


@dataclass(kw_only=True)
class RateMeter:
    """
    The weight used in the running minute.

    Who goes on asking `ban_after` times after being told to wait is banned for `ban_seconds`.
    """

    weight_max: int = 6_000
    ban_after: int = 20
    ban_seconds: float = 10
    used: int = 0
    refusals: int = 0
    refusals_total: int = 0
    banned_until_ms: int = 0
    _minute: int = -1

    def refusal_seconds(self, weight: int, *, now_ms: int) -> float:
        """Count a request. Return 0 if it may pass, else after how many seconds to come again."""
        if now_ms < self.banned_until_ms:
            self.refusals_total += 1
            return (self.banned_until_ms - now_ms) / 1000
        if now_ms // MINUTE_MS != self._minute:
            self._minute, self.used, self.refusals = now_ms // MINUTE_MS, 0, 0
        self.used += weight
        if self.used <= self.weight_max:
            return 0
        self.refusals += 1
        self.refusals_total += 1
        if self.refusals > self.ban_after:
            self.banned_until_ms = now_ms + int(self.ban_seconds * 1000)
            return self.ban_seconds
        return (MINUTE_MS - now_ms % MINUTE_MS) / 1000

    def is_banned(self, *, now_ms: int) -> bool:
        return now_ms < self.banned_until_ms
