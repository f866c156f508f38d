"""The demo of a gate, asked over HTTP as an operator's own would be: by a signature that it checks."""

import threading
from collections.abc import Iterator

import pytest
from django.utils import timezone
from pytest_django.fixtures import Settings

from accounts.models import User
from copytrading.models import GateCase, GateQuestion
from copytrading.services.admission import entering
from copytrading.services.admission.refusals import GateDenied, GateNotReached
from copytrading.worlds.demo.gate import demo_gate
from smartsync_site.gates import DEMO_SECRET, Gate
from tests.cast import World, usdt


@pytest.fixture
def gate(settings: Settings, world: World) -> Iterator[Gate]:
    server = demo_gate(port=0, secret=DEMO_SECRET)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    host = f"127.0.0.1:{server.server_port}"
    settings.SMARTSYNC_GATE = Gate(url=f"http://{host}/gate", secret=DEMO_SECRET, local_hosts=(host,))
    yield settings.SMARTSYNC_GATE
    server.shutdown()
    server.server_close()


def deposit(user: User, value: str, *, key: str) -> None:
    # A signature is good for five minutes, by the clock on the wall.
    entering.deposit(user=user, units=usdt(value), idempotency_key=key, now=timezone.now())


class TestDemoGate:
    def test_allows_denies_and_asks_by_what_it_is_asked(self, world: World, follower: User, gate: Gate) -> None:
        deposit(follower, "100", key="a")
        with pytest.raises(GateDenied, match="takes a talk with us first"):
            deposit(follower, "50000", key="b")
        deposit(follower, "10000", key="c")
        User.objects.filter(pk=follower.pk).update(email="sanctioned@example.org")
        follower.refresh_from_db()
        with pytest.raises(GateDenied, match="on a list"):
            deposit(follower, "101", key="d")

        assert list(GateQuestion.objects.order_by("pk").values_list("answer", flat=True)) == [
            "ALLOW", "DENY", "ASK", "DENY"
        ]  # fmt: skip
        assert GateCase.objects.get().units == usdt(10_000)

    def test_answers_nobody_whose_signature_is_not_good(
        self, world: World, follower: User, gate: Gate, settings: Settings
    ) -> None:
        other = "whsec_" + "A" * 40
        settings.SMARTSYNC_GATE = Gate(url=gate.url, secret=other, local_hosts=gate.local_hosts)

        with pytest.raises(GateNotReached):
            deposit(follower, "100", key="a")

        assert GateQuestion.objects.get().trouble == "It answered with 401."

    def test_is_the_only_one_that_may_be_on_this_machine(
        self, world: World, follower: User, gate: Gate, settings: Settings
    ) -> None:
        settings.SMARTSYNC_GATE = Gate(url="https://127.0.0.1/gate", secret=DEMO_SECRET)

        with pytest.raises(GateNotReached):
            deposit(follower, "100", key="a")

        assert GateQuestion.objects.get().trouble == "127.0.0.1 is no public machine; only those are called."
