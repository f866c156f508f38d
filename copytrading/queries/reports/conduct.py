"""
Which leads are suspicious: what each of them traded and moved in the last days, put before the rules of conduct.

Five statements, however many leads there are. Quantities of a coin that was counted anew are turned into its new unit.
What a lead held before the days that are looked at is not known to the rules.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from fractions import Fraction
from typing import Any

from django.db import connection

from copytrading.engine.conduct import against_followers, averaging_down, round_trips, size_jumps, stake_withdrawn
from copytrading.engine.conduct.stake_withdrawn import StakeMove
from copytrading.engine.conduct.trades import Finding, Trade
from copytrading.models import Lead
from copytrading.queries.market.board import cash_asset
from copytrading.queries.money.past_prices import NewUnits, load_new_units
from copytrading.queries.reports.tables import LeadName, Table

# So long back trades are looked at, so that what was built slowly is seen.
LOOKED_AT = timedelta(days=90)

RULES = (
    (
        averaging_down.RULE,
        f"At least {averaging_down.BUYS} buys of a coin, each {averaging_down.BELOW_AVERAGE:.0%} or more below what was"
        f" paid on average, without a sale in between, after which {averaging_down.TIMES_PAID:g} times as much was paid"
        " in all as before them.",
    ),
    (
        size_jumps.RULE,
        f"A buy of {size_jumps.TIMES_USUAL:g} times the median of the last {size_jumps.LAST_BUYS} (at least"
        f" {size_jumps.BUYS_MIN}), and of {size_jumps.SHARE_OF_EQUITY:.0%} or more of what the lead was worth.",
    ),
    (
        stake_withdrawn.RULE,
        f"{stake_withdrawn.SHARE_TAKEN:.0%} or more of the lead's own money taken out within"
        f" {stake_withdrawn.WITHIN.days} days, while more of others' money follows than is left.",
    ),
    (
        round_trips.RULE,
        f"At least {round_trips.TRIPS} times within a day, the same quantity (within {round_trips.QUANTITY_APART:.0%})"
        f" bought and sold at the same price (within {round_trips.PRICE_APART:.1%}) within"
        f" {round_trips.WITHIN.seconds // 60} minutes.",
    ),
    (
        against_followers.RULE,
        f"At least {against_followers.TIMES} trades of the copies within {against_followers.SPAN.days} days that"
        f" the lead's own wallet met within {against_followers.WITHIN.seconds // 60} minutes: the other way, or the"
        " same way ahead of them; or that the lead's account elsewhere turned after them. Own trades below"
        f" {against_followers.VALUE_MIN:g} in cash do not count.",
    ),
)

# What was traded here for a lead: the whole order, and the lead's own share of it.
TRADED_HERE = """
    SELECT cycle.lead_id, market.base_id, base.symbol, base.decimals, placed.booked_at,
        placed.planned_at, (CASE placed.side WHEN 'BUY' THEN 1 ELSE -1 END) * placed.filled_units,
        placed.value_units, placed.price_mid, coalesce(own.quantity_units, 0), coalesce(own.value_units, 0),
        record.equity_units
    FROM copytrading_order AS placed
    JOIN copytrading_synccycle AS cycle ON cycle.id = placed.cycle_id
    JOIN copytrading_lead AS lead ON lead.id = cycle.lead_id
    JOIN copytrading_market AS market ON market.id = placed.market_id
    JOIN accounts_asset AS base ON base.id = market.base_id
    LEFT JOIN copytrading_allocation AS own
        ON own.order_id = placed.id AND own.ledger_account_id = lead.ledger_account_id
    LEFT JOIN LATERAL (
        SELECT equity_units FROM copytrading_leadrecord
        WHERE lead_id = lead.id AND recorded_at < placed.planned_at ORDER BY recorded_at DESC LIMIT 1
    ) AS record ON own.quantity_units > 0
    WHERE placed.booked_at >= %s AND placed.booked_at < %s
    ORDER BY placed.booked_at, placed.id
"""
SEEN_ELSEWHERE = """
    SELECT seen.lead_id, market.base_id, base.symbol, base.decimals, seen.traded_at, seen.units, seen.cash_units,
        record.equity_units
    FROM copytrading_observedtrade AS seen
    JOIN copytrading_market AS market ON market.id = seen.market_id
    JOIN accounts_asset AS base ON base.id = market.base_id
    LEFT JOIN LATERAL (
        SELECT equity_units FROM copytrading_leadrecord
        WHERE lead_id = seen.lead_id AND recorded_at < seen.traded_at ORDER BY recorded_at DESC LIMIT 1
    ) AS record ON seen.units > 0
    WHERE seen.traded_at >= %s AND seen.traded_at < %s AND seen.units <> 0
    ORDER BY seen.traded_at, seen.id
"""
OWN_WALLETS = """
    SELECT lead.id, market.base_id, base.symbol, base.decimals, placed.booked_at,
        (CASE placed.side WHEN 'BUY' THEN 1 ELSE -1 END) * placed.filled_units, placed.value_units
    FROM copytrading_manualorder AS manual
    JOIN copytrading_order AS placed ON placed.id = manual.order_id
    JOIN copytrading_lead AS lead ON lead.user_id = manual.user_id
    JOIN copytrading_market AS market ON market.id = placed.market_id
    JOIN accounts_asset AS base ON base.id = market.base_id
    WHERE placed.booked_at >= %s AND placed.booked_at < %s AND placed.filled_units > 0
    ORDER BY placed.booked_at, placed.id
"""
MOVES = """
    SELECT flow.lead_id, flow.moved_at, flow.units, worth.equity_units, followed.following_units
    FROM copytrading_leadflow AS flow
    LEFT JOIN LATERAL (
        SELECT equity_units FROM copytrading_leadrecord
        WHERE lead_id = flow.lead_id AND recorded_at < flow.moved_at ORDER BY recorded_at DESC LIMIT 1
    ) AS worth ON true
    LEFT JOIN LATERAL (
        SELECT following_units FROM copytrading_leadrecord
        WHERE lead_id = flow.lead_id AND recorded_at < flow.moved_at AND following_units IS NOT NULL
        ORDER BY recorded_at DESC LIMIT 1
    ) AS followed ON true
    WHERE flow.moved_at >= %s AND flow.moved_at < %s
    ORDER BY flow.moved_at, flow.id
"""


@dataclass(kw_only=True)
class Conduct:
    """What one lead did: own trades here and elsewhere, those of its copies and of its own wallet, own money moved."""

    here: list[Trade] = field(default_factory=list)
    elsewhere: list[Trade] = field(default_factory=list)
    followed: list[Trade] = field(default_factory=list)
    own_wallet: list[Trade] = field(default_factory=list)
    moves: list[StakeMove] = field(default_factory=list)
    # What the lead was worth before a buy, by its time; in cash.
    equities: dict[datetime, float] = field(default_factory=dict)

    def findings(self) -> list[Finding]:
        """Return what the rules find in it."""
        led = [*self.here, *self.elsewhere]
        return [
            *averaging_down.find(led),
            *size_jumps.find(led, equity_at=self.equities.get),
            *stake_withdrawn.find(self.moves),
            *round_trips.find(led),
            *against_followers.find(followed=self.followed, own=self.own_wallet, led=self.elsewhere),
        ]


def suspicions(*, now: datetime, days: int) -> Table:
    """Return what the rules find in the conduct of all leads that went on within the last days, the latest first."""
    since = now - timedelta(days=days)
    found = [
        (finding, lead_id)
        for lead_id, conduct in _conducts(since=now - LOOKED_AT, until=now).items()
        for finding in conduct.findings()
        if finding.last_at >= since
    ]
    found.sort(key=lambda one: (one[0].last_at, one[1]), reverse=True)
    leads = dict(Lead.objects.filter(pk__in={lead_id for _, lead_id in found}).values_list("pk", "name"))
    return Table(
        name="suspicions",
        title="What the rules found",
        columns=("lead", "rule", "coin", "from", "until", "what"),
        rows=[
            (
                LeadName(id=lead_id, name=leads[lead_id]), finding.rule, finding.coin or None, finding.first_at,
                finding.last_at, finding.figures,
            )
            for finding, lead_id in found
        ],
        note="A finding is a reason to look, and no verdict.",
    )  # fmt: skip


def rules_table() -> Table:
    """Return what each rule looks for, with its thresholds."""
    return Table(name="rules", title="What the rules look for", columns=("rule", "what it finds"), rows=RULES)


def _conducts(*, since: datetime, until: datetime) -> dict[int, Conduct]:
    cash_unit = 10.0 ** cash_asset().decimals
    reader = _Reader(new_units=load_new_units(), cash_unit=cash_unit)
    for lead_id, asset_id, coin, decimals, at, planned_at, filled, value, mid, own, own_value, equity in _rows(
        TRADED_HERE, since, until
    ):
        price = value / cash_unit / (abs(filled) / 10.0**decimals) if filled else float(mid)
        conduct = reader.of(lead_id)
        if own:
            own_price = abs(own_value) / cash_unit / (abs(own) / 10.0**decimals)
            conduct.here.append(reader.trade(at, asset_id, coin, own / 10.0**decimals, own_price or price, planned_at))
            if equity is not None:
                conduct.equities[at] = equity / cash_unit
        if rest := filled - own:
            conduct.followed.append(reader.trade(at, asset_id, coin, rest / 10.0**decimals, price, planned_at))
    for lead_id, asset_id, coin, decimals, at, units, cash, equity in _rows(SEEN_ELSEWHERE, since, until):
        quantity = units / 10.0**decimals
        price = abs(cash) / cash_unit / abs(quantity)
        reader.of(lead_id).elsewhere.append(reader.trade(at, asset_id, coin, quantity, price, at))
        if equity is not None:
            reader.of(lead_id).equities[at] = equity / cash_unit
    for lead_id, asset_id, coin, decimals, at, filled, value in _rows(OWN_WALLETS, since, until):
        quantity = filled / 10.0**decimals
        price = value / cash_unit / abs(quantity)
        reader.of(lead_id).own_wallet.append(reader.trade(at, asset_id, coin, quantity, price, at))
    for lead_id, at, units, equity, following in _rows(MOVES, since, until):
        move = StakeMove(
            at=at,
            value=units / cash_unit,
            equity_before=(equity or 0) / cash_unit,
            following=(following or 0) / cash_unit,
        )
        reader.of(lead_id).moves.append(move)
    return reader.conducts


@dataclass(kw_only=True)
class _Reader:
    """Sorts what was read by lead, in today's units."""

    new_units: NewUnits
    cash_unit: float
    conducts: dict[int, Conduct] = field(default_factory=dict)

    def of(self, lead_id: int) -> Conduct:
        return self.conducts.setdefault(lead_id, Conduct())

    def trade(
        self, at: datetime, asset_id: int, coin: str, quantity: float, price: float, counted_at: datetime
    ) -> Trade:
        """Return a trade whose coins were counted as at a moment, in today's unit."""
        ratio: Fraction = self.new_units.since(counted_at, asset_id=asset_id)
        return Trade(at=at, coin=coin, quantity=quantity * float(ratio), price=price / float(ratio))


def _rows(statement: str, *arguments: datetime) -> Iterable[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, arguments)
        return cursor.fetchall()
