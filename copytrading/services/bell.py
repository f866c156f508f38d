"""
The bell: tells workers that there is work, and open pages that there is news.

A lost ring costs seconds, never money: the rows are the truth and the beat looks at them anyway.
"""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Protocol

import kombu.exceptions
import redis
from celery import current_app
from django.conf import settings
from django.db import transaction

LIVE_CHANNEL = "smartsync:live"
RING_WORTH_SECONDS = 4
# Nobody else rings for a statement, so its ring waits as long as somebody may wait for it.
STATEMENT_WORTH_SECONDS = 300
# An order's followers hear of it in a few messages, however many they are.
TOPICS_A_MESSAGE = 1_000
LIMIT_ORDERS_KEY = "smartsync:rung:limit-orders"
_connections: dict[str, redis.Redis] = {}


class Carrier(Protocol):
    """Who carries rings to workers and news to pages; usually Celery and Valkey."""

    def send(self, task_name: str, *arguments: int) -> None: ...

    def tell(self, messages: Sequence[tuple[str, str]]) -> None: ...


_carriers: list[Carrier] = []


@contextmanager
def carried_by(carrier: Carrier) -> Iterator[None]:
    """Let somebody else carry everything, in all threads, for the duration of the block: a simulation, or standby."""
    _carriers.append(carrier)
    try:
        yield
    finally:
        _carriers.remove(carrier)


def ring_for_lead(lead_id: int) -> None:
    """Wake a worker for one lead, once the rows that it is to find are committed."""
    if settings.SMARTSYNC_BELL:
        transaction.on_commit(lambda: _ring_once(lead_id))


def answer_for_lead(lead_id: int) -> None:
    """Note that somebody begins to look at a lead: what rings from now on is news to whoever comes next."""
    if settings.SMARTSYNC_BELL and not _carriers:
        with suppress(redis.RedisError):
            _connection().delete(_rung_key(lead_id))


def ring_for_own(lead_id: int) -> None:
    """Wake a worker for the copies on own accounts behind one lead, once the rows that it is to find are committed."""
    if settings.SMARTSYNC_BELL:
        transaction.on_commit(lambda: _send("copytrading.tasks.sync_own", lead_id))


def ring_for_limit_orders() -> None:
    """Wake a worker for the limit orders of people's own wallets, once the prices that it is to find are committed."""
    if settings.SMARTSYNC_BELL:
        transaction.on_commit(lambda: _ring_unless_rung(LIMIT_ORDERS_KEY, "copytrading.tasks.look_at_limit_orders"))


def answer_for_limit_orders() -> None:
    """Note that somebody begins to look at limit orders."""
    if settings.SMARTSYNC_BELL and not _carriers:
        with suppress(redis.RedisError):
            _connection().delete(LIMIT_ORDERS_KEY)


def ring_for_link(link_id: int) -> None:
    """Have a worker look at one account elsewhere."""
    if settings.SMARTSYNC_BELL:
        transaction.on_commit(lambda: _send("copytrading.tasks.look_at_link", link_id))


def ring_for_statement(number: int) -> None:
    """Have a worker draw a statement that was asked for."""
    if settings.SMARTSYNC_BELL:
        task = "copytrading.tasks.draw_statement"
        transaction.on_commit(lambda: _send(task, number, worth_seconds=STATEMENT_WORTH_SECONDS))


def ring_for_archive(archive_id: int) -> None:
    """Have a worker pack an archive of somebody's data."""
    if settings.SMARTSYNC_BELL:
        task = "copytrading.tasks.pack_archive"
        transaction.on_commit(lambda: _send(task, archive_id, worth_seconds=STATEMENT_WORTH_SECONDS))


def publish(topic: str, event: str) -> None:
    """Tell open pages that something changed, after the commit. `topic` is prices, lead:ID or user:ID."""
    if settings.SMARTSYNC_BELL:
        transaction.on_commit(lambda: _tell([(topic, event)]))


def publish_to_users(user_ids: list[int], event: str) -> None:
    """Tell many people at once."""
    if settings.SMARTSYNC_BELL and user_ids:
        transaction.on_commit(lambda: _tell([(f"user:{user_id}", event) for user_id in user_ids]))


def _ring_once(lead_id: int) -> None:
    _ring_unless_rung(_rung_key(lead_id), "copytrading.tasks.sync_lead", lead_id)


def _ring_unless_rung(key: str, task_name: str, *arguments: int) -> None:
    """Ring unless a ring waits already that nobody has begun to answer: it will find these rows, too."""
    if not _carriers:
        try:
            if not _connection().set(key, 1, nx=True, ex=RING_WORTH_SECONDS):
                return
        except redis.RedisError:
            # One ring too many does no harm.
            pass
    _send(task_name, *arguments)


def _rung_key(lead_id: int) -> str:
    return f"smartsync:rung:{lead_id}"


def _send(task_name: str, *arguments: int, worth_seconds: int = RING_WORTH_SECONDS) -> None:
    if _carriers:
        _carriers[-1].send(task_name, *arguments)
        return
    try:
        # Celery's own retry would hold a web request while the broker is away; the beat rings again soon. So an old
        # ring is worth nothing, and would only keep workers from the sweepers behind it.
        current_app.send_task(task_name, args=arguments, ignore_result=True, retry=False, expires=worth_seconds)
    except (kombu.exceptions.OperationalError, redis.RedisError, OSError):
        return


def _tell(messages: Sequence[tuple[str, str]]) -> None:
    if _carriers:
        _carriers[-1].tell(messages)
    else:
        tell_pages(messages)


def tell_pages(messages: Sequence[tuple[str, str]]) -> None:
    """Tell open pages now, through Valkey, whoever carries what is rung meanwhile; each is (topic, event)."""
    try:
        pipeline = _connection().pipeline(transaction=False)
        topics_of: dict[str, list[str]] = {}
        for topic, event in messages:
            topics_of.setdefault(event, []).append(topic)
        for event, topics in topics_of.items():
            for first in range(0, len(topics), TOPICS_A_MESSAGE):
                bell = {"topics": topics[first : first + TOPICS_A_MESSAGE], "event": event}
                pipeline.publish(LIVE_CHANNEL, json.dumps(bell))
        pipeline.execute()
    except redis.RedisError:
        # A page that misses one ring refreshes at the next.
        return


def _connection() -> redis.Redis:
    url = settings.REDIS_URL
    if url not in _connections:
        _connections[url] = redis.Redis.from_url(url)
    return _connections[url]
