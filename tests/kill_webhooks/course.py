"""One campaign: what is told of which copies, who dies when, and what arrived in the end."""

import random
import sys
import time
from collections import defaultdict
from dataclasses import dataclass, field
from decimal import Decimal

from django.db import connection, transaction
from django.utils import timezone
from standardwebhooks import Webhook as Signer
from standardwebhooks import WebhookVerificationError

from accounts.models import User
from copytrading.models import Copy, Notice, WebhookAttempt, WebhookDelivery
from copytrading.queries.rules import CASH_DECIMALS
from copytrading.services.hooks import webhooks
from copytrading.services.telling import notices
from tests.campaign.fleet import Fleet
from tests.cast import build_world
from tests.hook_receiver_server import Arrival, Receiver
from tests.kill_notices.course import SECONDS_TO_WORK, Killer

CALLERS = ("first caller", "second caller")
COPIES = 20
WAYS = ("webhook", "webhook", "any moment")
BAD_ANSWERS = (500, 503, 429, 404, "hang up", "redirect", "slow")
SLOW_SHARE = 0.02
DRAIN_SECONDS = 300.0


@dataclass(kw_only=True)
class Figures:
    """What came of it; `lost` was never taken, `doubled` came under two ids or texts, `early` before its time."""

    events: int = 0
    kills: dict[str, int] = field(default_factory=dict)
    seconds: float = 0.0
    posts: int = 0
    taken: int = 0
    taken_twice: int = 0
    lost: int = 0
    doubled: int = 0
    early: int = 0
    unsigned: int = 0
    undelivered: int = 0
    attempts_noted: int = 0

    @property
    def is_clean(self) -> bool:
        return not (self.lost or self.doubled or self.early or self.unsigned or self.undelivered)


def run(fleet: Fleet, receiver: Receiver, *, kills: int, count: int, seed: int, seconds_max: float) -> Figures:
    chance, answers, killer = random.Random(seed), random.Random(seed), Killer(fleet)
    copies = _copies_of_one(COPIES)
    follower = copies[0].follower
    _, secret = webhooks.add_webhook(
        user=follower, address=receiver.address, events=[], topics=["PROFIT_SHARES"], now=timezone.now()
    )

    def answer(path: str, number: int) -> int | str:
        if answers.random() < 0.5:
            return 200
        return "slow" if answers.random() < SLOW_SHARE else answers.choice(BAD_ANSWERS[:-1])

    receiver.answers = answer
    receiver.verify = lambda arrival: _is_signed(arrival, secret)
    receiver.when_taken = lambda port: killer.at_taken("webhook", port)
    began_at = time.monotonic()
    for name in CALLERS:
        fleet.add(name, [sys.executable, "manage.py", "call"])
    told = 0

    def tell() -> None:
        nonlocal told
        with transaction.atomic():
            notices.tell_copies(
                [copies[told % COPIES].pk], Notice.Kind.PROFIT_SHARED, timezone.now(), units=[told // COPIES + 1]
            )
        told += 1

    while sum(killer.kills.values()) < kills and time.monotonic() - began_at < seconds_max:
        fleet.look_after()
        # Some are on their way at every death; the last ones with the last.
        while told < count * (sum(killer.kills.values()) + 1) / kills:
            tell()
        way = chance.choice(WAYS)
        if way == "any moment":
            time.sleep(chance.uniform(0.0, 3.0))
            fleet.members[chance.choice(CALLERS)].kill()
            killer.kills["a caller at any moment"] += 1
        else:
            killer.wants, deadline = way, time.monotonic() + SECONDS_TO_WORK
            while killer.wants is not None and time.monotonic() < deadline:
                fleet.look_after()
                time.sleep(0.1)
            killer.wants = None
    while told < count:
        tell()
    ends_at = time.monotonic() + DRAIN_SECONDS
    while time.monotonic() < ends_at and WebhookDelivery.objects.filter(delivered_at__isnull=False).count() < told:
        fleet.look_after()
        time.sleep(0.5)
    figures = _count(receiver, told)
    figures.kills, figures.seconds = dict(killer.kills), round(time.monotonic() - began_at, 1)
    figures.undelivered = told - WebhookDelivery.objects.filter(delivered_at__isnull=False).count()
    figures.attempts_noted = WebhookAttempt.objects.count()
    connection.close()
    return figures


def _copies_of_one(count: int) -> list[Copy]:
    """Return some copies of one follower, each of a lead of its own."""
    world = build_world()
    world.now = timezone.now()
    world.prices()
    follower = User.objects.create_user("follower@example.org")
    world.deposit(follower, str(200 * count))
    leads = [
        world.make_lead(User.objects.create_user(f"lead{number}@example.org"), name=f"Lead {number}")
        for number in range(count)
    ]
    return [world.start(follower, lead, "100") for lead in leads]


def _is_signed(arrival: Arrival, secret: str) -> bool:
    try:
        Signer(secret).verify(arrival.text, arrival.headers)
    except WebhookVerificationError:
        return False
    return True


def _count(receiver: Receiver, told: int) -> Figures:
    """Compare what arrived with what was told, event by event, in the order in which it came."""
    figures = Figures(events=told, posts=len(receiver.arrivals))
    forms: dict[tuple[int, int], set[tuple[str, str]]] = defaultdict(set)
    taken: dict[tuple[int, int], int] = defaultdict(int)
    for arrival in receiver.arrivals:
        data = arrival.event["data"]
        copy_id, number = data["copy_id"], int(Decimal(data["notice"]["value"]).scaleb(CASH_DECIMALS))
        forms[copy_id, number].add((arrival.id, arrival.text))
        figures.unsigned += not arrival.is_verified
        # The one before was taken before this one came.
        figures.early += number > 1 and not taken[copy_id, number - 1]
        taken[copy_id, number] += 200 <= arrival.status < 300
    figures.taken = sum(count > 0 for count in taken.values())
    figures.taken_twice = sum(count > 1 for count in taken.values())
    figures.lost = told - figures.taken
    figures.doubled = sum(len(each) > 1 for each in forms.values())
    return figures
