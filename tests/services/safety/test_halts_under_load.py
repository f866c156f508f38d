"""The kill switch while fifty leads trade: what is not at the venue yet stays here."""

import threading
from datetime import timedelta

import pytest
from django.db import connection, connections
from django.db.models import Max
from django.utils import timezone

from accounts.models import User
from copytrading.models import Halt, Order
from copytrading.services.cycle import conducting
from copytrading.services.safety import halts, reconciling
from tests.cast import World

pytestmark = pytest.mark.django_db(transaction=True)

LEADS, WORKERS = 50, 3


class TestThePlatform:
    def test_claims_no_order_a_second_after_the_press(self, world: World) -> None:
        leads = [
            world.make_lead(User.objects.create_user(f"lead{number}@example.org"), name=f"Lead {number}", stake="2000")
            for number in range(LEADS)
        ]
        for number, lead in enumerate(leads):
            follower = User.objects.create_user(f"follower{number}@example.org")
            world.deposit(follower, "1000")
            world.start(follower, lead, "500")
        world.now = timezone.now()
        world.prices()
        for lead in leads:
            world.lead_trades(lead, "BTC", "BUY", "0.005")
        stopped = threading.Event()

        def work() -> None:
            try:
                while not stopped.is_set():
                    for lead in leads:
                        conducting.sync_one_lead(lead_id=lead.pk, clock=timezone.now)
            finally:
                connections.close_all()

        workers = [threading.Thread(target=work) for _ in range(WORKERS)]
        for worker in workers:
            worker.start()
        while Order.objects.filter(claimed_at__isnull=False).count() < 5:
            connection.ensure_connection()
        halt = halts.place_halt(scope=Halt.Scope.PLATFORM, reason="To be sure", now=timezone.now())
        stopped.wait(3)
        stopped.set()
        for worker in workers:
            worker.join()

        last = Order.objects.aggregate(last=Max("claimed_at"))["last"]
        assert 5 <= Order.objects.filter(claimed_at__isnull=False).count() < LEADS
        assert last <= halt.placed_at + timedelta(seconds=1)
        assert reconciling.check_ledger().is_clean
