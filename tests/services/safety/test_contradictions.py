"""A lead who sold more than it bought: pages show what is known, and people of the platform are told."""

from decimal import Decimal

import numpy as np
import pytest
from django.db import transaction
from django.test import Client
from django.urls import reverse

from accounts import ledger
from accounts.ledger import Lines
from accounts.models import Asset, Journal, LedgerAccount
from copytrading.exchange.paper.models import PaperBalance
from copytrading.models import Alarm, Lead
from copytrading.queries.leads import trades
from copytrading.queries.shown.visibility import EVERYTHING
from copytrading.services import locks
from copytrading.services.safety import contradictions
from tests.cast import World, usdt

pytestmark = pytest.mark.django_db


@pytest.fixture
def contradicting(world: World, lead: Lead) -> Lead:
    """Return a lead that bought 0.1 coins, was given as much, and sold 0.15 of them."""
    world.lead_trades(lead, "BTC", "BUY", "0.1")
    world.settle()
    btc = Asset.objects.get(symbol="BTC").pk
    keeps = ledger.platform_account(LedgerAccount.Kind.VENUE, now=world.now).pk
    with transaction.atomic():
        locks.lock_lead(lead.pk)
        ledger.post(
            kind=Journal.Kind.CORRECTION,
            idempotency_key="given",
            lines=Lines.of([lead.ledger_account_id, keeps], btc, np.array([10**7, -(10**7)])),
            now=world.now,
        )
    PaperBalance.objects.filter(account="platform", asset="BTC").update(quantity=Decimal("0.2"))
    world.lead_trades(lead, "BTC", "SELL", "0.15")
    world.settle()
    return lead


class TestContradictions:
    def test_are_told_once_for_a_lead_and_a_coin(self, world: World, contradicting: Lead) -> None:
        assert [contradictions.tell_contradictions(now=world.now) for _ in range(2)] == [1, 1]

        alarm = Alarm.objects.get()
        assert (alarm.kind, alarm.times_seen, alarm.is_low) == (Alarm.Kind.LEAD_CONTRADICTS, 2, True)
        assert alarm.sentence.startswith(f"Lead {contradicting.pk} sold more BTC here than it bought")

    def test_are_none_where_everything_that_was_sold_was_bought(self, world: World, lead: Lead) -> None:
        for side in ("BUY", "SELL", "BUY"):
            world.lead_trades(lead, "BTC", side, "0.1")
            world.settle()

        assert contradictions.tell_contradictions(now=world.now) == 0
        assert not Alarm.objects.exists()

    def test_leave_the_pages_with_what_is_known(self, client: Client, contradicting: Lead) -> None:
        made = trades.made_by(contradicting, visibility=EVERYTHING)

        assert [trade.quantity_units for trade in made] == [10**7, -(10**7)]
        # Two thirds of the sale are of what was bought.
        assert made[1].value_units == pytest.approx(usdt(5_000), rel=0.01)
        for name in ("lead_detail", "api:lead_statistics", "api:lead_closed_positions"):
            assert client.get(reverse(name, args=[contradicting.slug])).status_code == 200
