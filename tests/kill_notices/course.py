"""One campaign: who is told, who dies when, and what arrived in the end."""

import random
import sys
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from accounts.models import User
from copytrading.models import Delivery, Notice
from copytrading.services.telling import habits, notices
from tests.campaign.fleet import Fleet
from tests.mail_sink import MailSink
from tests.push_service import PushService

SENDERS = ("first sender", "second sender")
PEOPLE = 50
WAYS = ("mail", "push", "any moment", "Valkey")
SECONDS_TO_WORK = 15.0  # a sender that was started has claimed something by then
DRAIN_SECONDS = 300.0  # what was claimed by who died waits a minute
WORD = "device number "


@dataclass(kw_only=True)
class Figures:
    """What came of it; `*_twice` came twice under one id, `*_doubled` under two, `*_lost` never."""

    notices: int = 0
    kills: dict[str, int] = field(default_factory=dict)
    seconds: float = 0.0
    mails: int = 0
    mails_twice: int = 0
    mails_doubled: int = 0
    mails_lost: int = 0
    pushes: int = 0
    pushes_twice: int = 0
    pushes_doubled: int = 0
    pushes_lost: int = 0
    unsent: int = 0

    @property
    def is_clean(self) -> bool:
        return not (self.mails_doubled or self.mails_lost or self.pushes_doubled or self.pushes_lost or self.unsent)


class Killer:
    """Kills whom the main loop wants dead, from wherever the moment is seen."""

    def __init__(self, fleet: Fleet) -> None:
        self.fleet = fleet
        self.wants: str | None = None
        self.kills: Counter[str] = Counter()
        self._lock = threading.Lock()

    def at_taken(self, channel: str, port: int) -> None:
        """Kill the sender at the other end of a connection, if one is wanted dead on that channel just now."""
        with self._lock:
            if self.wants != channel:
                return
            found = self.fleet.owner_of_port(port)
            if found is None:
                return
            found[0].kill()
            self.wants = None
            self.kills[f"taken by {channel}, not confirmed"] += 1


def run(
    fleet: Fleet, mails: MailSink, pushes: PushService, *, kills: int, count: int, seed: int, seconds_max: float
) -> Figures:
    chance, killer = random.Random(seed), Killer(fleet)
    people = [User.objects.create_user(f"person{number}@example.org") for number in range(PEOPLE)]
    for number, person in enumerate(people):
        browser = pushes.browser(f"phone{number}")
        habits.subscribe(
            user=person, endpoint=browser.endpoint, key=browser.key, secret=browser.auth, device="", now=timezone.now()
        )
    mails.when_taken = lambda port: killer.at_taken("mail", port)
    pushes.when_taken = lambda port: killer.at_taken("push", port)
    began_at = time.monotonic()
    for name in SENDERS:
        fleet.add(name, [sys.executable, "manage.py", "tell"])
    told = 0

    def tell() -> None:
        nonlocal told
        with transaction.atomic():
            notices.tell_person(people[told % PEOPLE].pk, Notice.Kind.SIGNED_IN, timezone.now(), words=f"{WORD}{told}")
        told += 1

    while sum(killer.kills.values()) < kills and time.monotonic() - began_at < seconds_max:
        fleet.look_after()
        # Some are on their way at every death; the last ones with the last.
        while told < count * (sum(killer.kills.values()) + 1) / kills:
            tell()
        way = chance.choice(WAYS)
        if way == "Valkey":
            fleet.kill_server(fleet.valkey)
            killer.kills["Valkey"] += 1
        elif way == "any moment":
            time.sleep(chance.uniform(0.0, 3.0))
            fleet.members[chance.choice(SENDERS)].kill()
            killer.kills["a sender at any moment"] += 1
        else:
            killer.wants, deadline = way, time.monotonic() + SECONDS_TO_WORK
            while killer.wants is not None and time.monotonic() < deadline:
                fleet.look_after()
                time.sleep(0.1)
            killer.wants = None
    while told < count:
        tell()
    on_the_way, ends_at = [Delivery.Status.PENDING, Delivery.Status.SENDING], time.monotonic() + DRAIN_SECONDS
    while time.monotonic() < ends_at:
        fleet.look_after()
        left = Delivery.objects.filter(status__in=on_the_way).count() + Notice.objects.filter(spread_at=None).count()
        if not left:
            break
        time.sleep(0.5)
    figures = _count(mails, pushes, told)
    figures.kills, figures.seconds = dict(killer.kills), round(time.monotonic() - began_at, 1)
    figures.unsent = 2 * told - Delivery.objects.filter(status=Delivery.Status.SENT).count()
    connection.close()
    return figures


def _count(mails: MailSink, pushes: PushService, told: int) -> Figures:
    """Compare what arrived with what was told, notice by notice."""
    by_mail: dict[int, list[str]] = {number: [] for number in range(told)}
    by_push: dict[int, list[str]] = {number: [] for number in range(told)}
    for mail in mails.mails:
        by_mail[_number(mail["Subject"])].append(mail["Message-ID"])
    for browser in pushes.browsers.values():
        for push, headers in zip(browser.pushes, browser.headers, strict=True):
            by_push[_number(push["title"])].append(headers["topic"])
    figures = Figures(notices=told)
    for channel, found in (("mails", by_mail), ("pushes", by_push)):
        counted: dict[str, int] = {
            channel: sum(bool(ids) for ids in found.values()),
            f"{channel}_twice": sum(len(ids) > 1 for ids in found.values()),
            f"{channel}_doubled": sum(len(set(ids)) > 1 for ids in found.values()),
            f"{channel}_lost": sum(not ids for ids in found.values()),
        }
        for name, value in counted.items():
            setattr(figures, name, value)
    return figures


def _number(sentence: Any) -> int:
    return int(" ".join(str(sentence).split()).rpartition(WORD)[2])
