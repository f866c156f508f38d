"""
How much we may ask a venue, shared by all processes of this installation.

A token bucket in Valkey: `capacity` weights at most, `per_second` new ones. What is asked takes its weight out, if
that leaves the share of the capacity that is kept for more important things. A venue that says "too many" closes the
bucket for everybody until the time it names is over. While Valkey is away each process goes by a bucket of its own
that fills half as fast: several processes then ask about as much as one did.
"""

import threading
import time
from dataclasses import dataclass

import redis

# Kept for exits and questions about orders; kept for exits alone. Buys on people's own accounts leave more: they are
# many, and share one budget with the orders of everybody in the pool.
OWN = 0.4
ORDINARY = 0.2
LOOKS = 0.1
URGENT = 0.0

AWAY_SECONDS = 1.0
CONNECT_SECONDS = 0.25

# Valkey's own clock counts: the processes may be on several machines.
TAKE = """
local moment = redis.call('TIME')
local now = moment[1] + moment[2] / 1000000
local known = redis.call('HMGET', KEYS[1], 'tokens', 'at', 'closed_until')
local capacity, per_second = tonumber(ARGV[1]), tonumber(ARGV[2])
local weight, kept = tonumber(ARGV[3]), tonumber(ARGV[4])
local closed_until = tonumber(known[3] or '0')
if closed_until > now then return tostring(closed_until - now) end
local tokens, at = tonumber(known[1] or ARGV[1]), tonumber(known[2] or now)
tokens = math.min(capacity, tokens + math.max(now - at, 0) * per_second)
local missing = weight + kept - tokens
if missing <= 0 then tokens = tokens - weight end
redis.call('HSET', KEYS[1], 'tokens', tostring(tokens), 'at', string.format('%.6f', now))
redis.call('EXPIRE', KEYS[1], 3600)
if missing <= 0 then return '0' end
return tostring(missing / per_second)
"""

CLOSE = """
local moment = redis.call('TIME')
local until_then = moment[1] + moment[2] / 1000000 + tonumber(ARGV[1])
if tonumber(redis.call('HGET', KEYS[1], 'closed_until') or '0') < until_then then
  redis.call('HSET', KEYS[1], 'closed_until', string.format('%.6f', until_then))
  redis.call('EXPIRE', KEYS[1], math.ceil(tonumber(ARGV[1])) + 3600)
end
"""


@dataclass(frozen=True, kw_only=True)
class Allowance:
    """What a venue allows: `capacity` weights at once, `per_second` weights for ever."""

    capacity: float
    per_second: float


class RateBudget:
    """The one budget of a venue, by name."""

    def __init__(self, *, name: str, allowance: Allowance, redis_url: str) -> None:
        self._key = f"smartsync:budget:{name}"
        self._allowance = allowance
        self._valkey = redis.Redis.from_url(
            redis_url, socket_connect_timeout=CONNECT_SECONDS, socket_timeout=CONNECT_SECONDS
        )
        self._own = OwnBucket(Allowance(capacity=allowance.capacity / 2, per_second=allowance.per_second / 2))
        self._away_until = 0.0

    def take(self, *, weight: float, kept_share: float) -> float:
        """Take a weight out and return 0, or return after how many seconds it makes sense to try again."""
        if time.monotonic() >= self._away_until:
            kept = self._allowance.capacity * kept_share
            arguments = (self._allowance.capacity, self._allowance.per_second, weight, kept)
            try:
                return float(self._valkey.eval(TAKE, 1, self._key, *arguments))
            except redis.RedisError:
                self._away_until = time.monotonic() + AWAY_SECONDS
        return self._own.take(weight=weight, kept_share=kept_share)

    def close(self, *, seconds: float) -> None:
        """Ask nothing for so long: the venue said so."""
        self._own.close(seconds=seconds)
        try:
            self._valkey.eval(CLOSE, 1, self._key, seconds)
        except redis.RedisError:
            self._away_until = time.monotonic() + AWAY_SECONDS


class OwnBucket:
    """The same bucket in this process, for the time that Valkey is away."""

    def __init__(self, allowance: Allowance) -> None:
        self._allowance = allowance
        self._tokens = allowance.capacity
        self._at = time.monotonic()
        self._closed_until = 0.0
        self._lock = threading.Lock()

    def take(self, *, weight: float, kept_share: float) -> float:
        """Take a weight out and return 0, or return after how many seconds it makes sense to try again."""
        with self._lock:
            now = time.monotonic()
            if now < self._closed_until:
                return self._closed_until - now
            allowance = self._allowance
            self._tokens = min(allowance.capacity, self._tokens + (now - self._at) * allowance.per_second)
            self._at = now
            missing = weight + allowance.capacity * kept_share - self._tokens
            if missing > 0:
                return missing / allowance.per_second
            self._tokens -= weight
            return 0.0

    def close(self, *, seconds: float) -> None:
        """Give nothing for so long."""
        with self._lock:
            self._closed_until = max(self._closed_until, time.monotonic() + seconds)
