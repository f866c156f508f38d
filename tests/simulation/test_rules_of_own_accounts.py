"""Each rule of copies on own accounts, on a few rows that keep it and on the same with one thing wrong."""

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from random import Random
from typing import Any

import pytest

from copytrading.exchange.orders import Side, VenueTrade
from copytrading.worlds.simulating.deeds.own_accounts import has_own_accounts
from copytrading.worlds.simulating.own_venue import OwnSimulatedAccount
from copytrading.worlds.simulating.rules import of_own_accounts as rules
from copytrading.worlds.simulating.rules.snapshot import TABLES, Snapshot
from copytrading.worlds.simulating.swarm import Swarm
from copytrading.worlds.simulating.venue import SimulatedVenue
from copytrading.worlds.simulating.venue_orders import ArrivedOrder, Sending

NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)
UNIT = 10**8
USDT, BTC = 1, 2
# The ledger accounts of two mirrors, of a copy on each, and of a copy with the wallet's money.
MIRROR, OTHER_MIRROR, COPY, OTHER_COPY, POOLED_COPY = 11, 12, 21, 22, 23
ROWS: dict[str, list[dict[str, Any]]] = {
    "assets": [{"id": USDT, "symbol": "USDT", "decimals": 8}, {"id": BTC, "symbol": "BTC", "decimals": 8}],
    "own_accounts": [
        {"id": 1, "user_id": 7, "ledger_account_id": MIRROR, "status": "CONNECTED"},
        {"id": 2, "user_id": 8, "ledger_account_id": OTHER_MIRROR, "status": "CONNECTED"},
    ],
    "copies": [
        {"id": 1, "ledger_account_id": COPY, "own_account_id": 1, "status": "ACTIVE"},
        {"id": 2, "ledger_account_id": OTHER_COPY, "own_account_id": 2, "status": "ACTIVE"},
        {"id": 3, "ledger_account_id": POOLED_COPY, "own_account_id": None, "status": "ACTIVE"},
    ],
    "orders": [
        {"id": 1, "client_order_id": "one", "venue_account": "own:1", "participant_ids": [COPY], "status": "FILLED",
         "claimed": True, "booked": True},
        {"id": 2, "client_order_id": "two", "venue_account": "platform", "participant_ids": [POOLED_COPY, 31],
         "status": "FILLED", "claimed": True, "booked": True},
    ],
    "fills": [{"trade_id": "p7-t1", "order_id": 1, "late": False}],
    "balances": [
        {"ledger_account_id": MIRROR, "asset_id": USDT, "posted": -950 * UNIT},
        {"ledger_account_id": COPY, "asset_id": USDT, "posted": 950 * UNIT},
        {"ledger_account_id": MIRROR, "asset_id": BTC, "posted": -UNIT // 1000},
        {"ledger_account_id": COPY, "asset_id": BTC, "posted": UNIT // 1000},
    ],
    "own_trades": [
        {"id": 11001, "ledger_account_id": MIRROR, "asset_id": USDT, "units": 50 * UNIT},
        {"id": 11002, "ledger_account_id": MIRROR, "asset_id": BTC, "units": -UNIT // 1000},
    ],
}  # fmt: skip


def snapshot(**changed: list[dict[str, Any]]) -> Snapshot:
    tables = {name: changed.get(name, ROWS.get(name, [])) for name in TABLES}
    by_id = {name: {row["id"]: row for row in rows if "id" in row} for name, rows in tables.items()}
    return Snapshot(tables=tables, shares_of_order={}, unsound=(), liabilities={}, by_id=by_id)


def with_one(table: str, row_id: int, **changed: Any) -> dict[str, list[dict[str, Any]]]:
    """Return the rows of a table, one of them changed."""
    return {table: [row | changed if row["id"] == row_id else row for row in ROWS[table]]}


def arrived(name: str, trade_id: str) -> ArrivedOrder:
    """Return an order that bought a thousandth of a bitcoin for fifty."""
    sending = Sending(
        client_order_id=name,
        symbol="BTC-USDT",
        side=Side.BUY,
        quantity=Decimal("0.001"),
        price_limit=Decimal(50_000),
        sent_at=NOON,
    )
    trade = VenueTrade(
        trade_id=trade_id,
        client_order_id=name,
        venue_order_id="v1",
        symbol="BTC-USDT",
        side=Side.BUY,
        price=Decimal(50_000),
        quantity=Decimal("0.001"),
        value=Decimal(50),
        fee=Decimal(0),
        fee_asset="USDT",
        executed_at=NOON,
    )
    return ArrivedOrder(
        venue_order_id="v1", sending=sending, trades=[trade], visible_at=NOON, final_at=NOON, told_at=NOON
    )


@pytest.fixture
def venue() -> SimulatedVenue:
    """The exchange with two owners, of whom the first has bought, as the platform has."""
    venue = SimulatedVenue(swarm=Swarm(random=Random(1), rates={}), clock=lambda: NOON, point=lambda _: None)
    for user_id in (7, 8):
        account = OwnSimulatedAccount(of=venue, user_id=user_id, key=f"key-{user_id}", secret="s")
        venue.own_accounts[account.key] = account
    venue.own_accounts["key-7"].orders.append(arrived("one", "p7-t1"))
    venue.orders.append(arrived("two", "t1"))
    return venue


def said(found: Iterator[str]) -> str:
    return " ".join(found)


class TestRules:
    def test_are_kept_by_rows_that_are_right(self, venue: SimulatedVenue) -> None:
        now = snapshot()

        assert not [
            *rules.no_account_trades_for_another(now, venue),
            *rules.mirror_is_what_its_copies_have(now),
            *rules.mirror_is_what_the_venue_did(now, venue),
            *rules.trouble_of_one_pauses_only_its_copies(now, now),
            *rules.order_leaves_only_for_a_connected_account(now, now),
        ]


class TestNoAccountTradesForAnother:
    def test_sees_an_order_that_got_to_another_account(self, venue: SimulatedVenue) -> None:
        venue.own_accounts["key-8"].orders.append(venue.own_accounts["key-7"].orders.pop())

        assert said(rules.no_account_trades_for_another(snapshot(), venue)) == "Order one of own:1 got to own:2."

    def test_sees_one_that_got_to_ours(self, venue: SimulatedVenue) -> None:
        venue.orders.append(venue.own_accounts["key-7"].orders.pop())

        assert "Order one of own:1 got to platform." in said(rules.no_account_trades_for_another(snapshot(), venue))

    @pytest.mark.parametrize("participants", [[OTHER_COPY], [COPY, OTHER_COPY], [COPY, POOLED_COPY], [COPY, COPY]])
    def test_sees_an_order_in_which_somebody_has_no_money_there(
        self, venue: SimulatedVenue, participants: list[int]
    ) -> None:
        now = snapshot(**with_one("orders", 1, participant_ids=participants))

        # Twice the same is one too many for an account of one's own.
        assert "Order 1 is for own:1" in said(rules.no_account_trades_for_another(now, venue))

    def test_sees_a_copy_on_an_own_account_among_the_others(self, venue: SimulatedVenue) -> None:
        now = snapshot(**with_one("orders", 2, participant_ids=[POOLED_COPY, COPY]))

        assert "Order 2 is for platform" in said(rules.no_account_trades_for_another(now, venue))


class TestMirror:
    def test_is_apart_from_its_copies_by_a_unit(self) -> None:
        balances = [dict(row) for row in ROWS["balances"]]
        balances[3]["posted"] += 1

        found = said(rules.mirror_is_what_its_copies_have(snapshot(balances=balances)))

        assert found == "Own account 1 and its copies are +1 units of asset 2 apart."

    def test_knows_nothing_of_a_trade(self, venue: SimulatedVenue) -> None:
        found = said(rules.mirror_is_what_the_venue_did(snapshot(own_trades=[]), venue))

        assert "traded -5000000000 units of asset 1, and its mirror says 0." in found
        assert "traded 100000 units of asset 2, and its mirror says 0." in found

    def test_waits_for_what_is_not_booked_yet(self, venue: SimulatedVenue) -> None:
        now = snapshot(own_trades=[], **with_one("orders", 1, booked=False))

        assert not said(rules.mirror_is_what_the_venue_did(now, venue))


class TestTrouble:
    @pytest.mark.parametrize(("copy_id", "is_broken"), [(1, False), (2, True), (3, True)])
    def test_of_one_account_pauses_its_own_copies_alone(self, copy_id: int, is_broken: bool) -> None:
        now = snapshot(**with_one("own_accounts", 1, status="REFUSED"), **with_one("copies", copy_id, status="PAUSED"))

        assert bool(said(rules.trouble_of_one_pauses_only_its_copies(snapshot(), now))) is is_broken

    @pytest.mark.parametrize("status", ["REFUSED", "SHORT", "REVOKED"])
    def test_keeps_orders_from_leaving(self, status: str) -> None:
        shut = with_one("own_accounts", 1, status=status)
        before = snapshot(**shut, **with_one("orders", 1, claimed=False))

        assert "Order 1 was sent to own:1" in said(
            rules.order_leaves_only_for_a_connected_account(before, snapshot(**shut))
        )


class TestGivenUp:
    def test_are_orders_whose_key_was_dead_and_no_others(self, venue: SimulatedVenue) -> None:
        now = snapshot(**with_one("orders", 1, status="NOT_PLACED"))
        before = rules.given_up(now, venue)

        venue.own_accounts["key-7"].die()

        assert (before, rules.given_up(now, venue)) == (set(), {"one"})
        assert not rules.given_up(snapshot(), venue)


class TestSeeds:
    def test_with_own_accounts_are_every_eighth(self) -> None:
        assert [seed for seed in range(40) if has_own_accounts(seed)] == [7, 15, 23, 31, 39]
