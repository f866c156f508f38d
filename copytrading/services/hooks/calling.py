"""
The rounds of whoever calls webhooks: spread what happened, claim what is due, post it, note the answers.

Threads only post; what touches the database is done by the one who goes the rounds. A slow receiver keeps its own
thread busy, and no round waits for it.
"""

from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import AbstractContextManager
from datetime import datetime
from types import TracebackType
from typing import Self

import structlog
from django.conf import settings

from accounts.sealing import SealDoesNotOpen
from accounts.transactions import outside_transaction
from copytrading.models import WebhookDelivery
from copytrading.services.hooks import deliveries, hook_secrets
from copytrading.services.hooks.events import Describe
from copytrading.services.hooks.posting import Answer, post
from copytrading.services.hooks.spreading import spread_events

AT_ONCE = 16

log = structlog.get_logger()


class Caller(AbstractContextManager["Caller"]):
    """One who calls webhooks, with threads to post by; leaving it waits for what is being posted, and notes that."""

    def __init__(self, *, describe: Describe, clock: Callable[[], datetime]) -> None:
        self._describe, self._clock = describe, clock
        self._threads = ThreadPoolExecutor(max_workers=AT_ONCE)
        self._posted: dict[Future[Answer], WebhookDelivery] = {}
        # Whose events could not be told, until when.
        self._set_aside: dict[int, datetime] = {}
        self.calls = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._threads.shutdown(wait=True)
        if kind is None:
            self._note_answers()

    @property
    def is_busy(self) -> bool:
        return bool(self._posted)

    @outside_transaction
    def go_round(self) -> bool:
        """Do once what there is to do, without waiting for receivers, and return whether there was anything."""
        is_more = spread_events(describe=self._describe, now=self._clock(), set_aside=self._set_aside)
        is_any = self._note_answers() or is_more
        while (room := AT_ONCE - len(self._posted)) and self._begin(room):
            is_any = True
        return is_any

    def wait(self, seconds: float) -> None:
        """Wait until something that is being posted was answered, or so long."""
        wait(list(self._posted), timeout=seconds, return_when=FIRST_COMPLETED)

    def _begin(self, count: int) -> bool:
        busy = [delivery.webhook_id for delivery in self._posted.values()]
        claimed = deliveries.claim_due(count=count, busy=busy, now=self._clock())
        for delivery in claimed:
            self._posted[self._threads.submit(_send, delivery, self._clock())] = delivery
        self.calls += len(claimed)
        return bool(claimed)

    def _note_answers(self) -> bool:
        over = [future for future in self._posted if future.done()]
        for future in over:
            delivery, answer = self._posted[future], future.result()
            deliveries.note(delivery, answer, now=self._clock())
            # Not before: where the database is away, the answer is noted in a later round.
            del self._posted[future]
            if not answer.is_taken:
                log.info(
                    "a webhook did not take an event",
                    webhook_id=delivery.webhook_id,
                    event_id=delivery.event_id,
                    status=answer.status,
                    trouble=answer.trouble,
                )
        return bool(over)


@outside_transaction
def call_all(*, describe: Describe, clock: Callable[[], datetime]) -> int:
    """Go rounds until nothing is due and nothing is being posted, and return how many calls that were."""
    with Caller(describe=describe, clock=clock) as caller:
        while caller.go_round() or caller.is_busy:
            caller.wait(0.1)
    return caller.calls


def _send(delivery: WebhookDelivery, now: datetime) -> Answer:
    try:
        secrets = hook_secrets.secrets_of(delivery.webhook, now=now)
    except SealDoesNotOpen as trouble:
        return Answer(tried_at=now, milliseconds=0, trouble=str(trouble))
    headers = hook_secrets.signed_headers(
        secrets_=secrets, event_id=delivery.event_id, payload=delivery.payload, now=now
    )
    return post(
        address=delivery.webhook.address,
        headers=headers,
        payload=delivery.payload,
        seconds_max=settings.WEBHOOK_SECONDS_MAX,
        now=now,
    )
