"""
What a lead sees of leading: the own account and curve, orders, how many follow with how much, and what was earned.

Scoped to the person who leads. Followers are counted and never named.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.db.models import Count, F, Max, QuerySet, Sum
from django.db.models.functions import TruncWeek
from django.utils.translation import gettext

from accounts.models import Balance, User
from copytrading.models import (
    Copy,
    Lead,
    LeadHolding,
    LeadNotice,
    LeadOrder,
    Market,
    ProfitShare,
)
from copytrading.queries.copies.portfolios import PriceList, price_list
from copytrading.queries.leads import records


@dataclass(frozen=True, kw_only=True)
class OwnPosition:
    """One coin of a lead account, or the cash (colour 0); `value_units` and the lead's equity in quote units."""

    symbol: str
    name: str
    colour: int
    decimals: int
    units: int
    held_units: int
    value_units: int
    weight: float


@dataclass(frozen=True, kw_only=True)
class OwnAccount:
    """What a lead account holds: coins by value, then what is not traded here as one value, and cash last."""

    positions: tuple[OwnPosition, ...]
    equity_units: int
    cash_units: int

    @property
    def has_coins(self) -> bool:
        return len(self.positions) > 1


@dataclass(frozen=True, kw_only=True)
class Following:
    """How many copies run, with how much money at the marks, and how many more there is room for."""

    followers: int
    places_left: int
    money_units: int
    invested_units: int
    money_left_units: int | None


@dataclass(frozen=True, kw_only=True)
class EarnedWeek:
    """What the copies paid in the week that begins on `began_on`; `kept_units` is the platform's part of it."""

    began_on: datetime
    ended_on: datetime
    copies: int
    share_units: int
    kept_units: int

    @property
    def earned_units(self) -> int:
        return self.share_units - self.kept_units


def lead_of(user: User) -> Lead | None:
    """Return the lead that a person is or has applied to be; None if there is none that has not ended."""
    return Lead.objects.filter(user=user).exclude(status=Lead.Status.ENDED).select_related("user").first()


def ended_leads_of(user: User) -> QuerySet[Lead]:
    """Return the leads that a person once was, latest first."""
    return Lead.objects.filter(user=user, status=Lead.Status.ENDED, started_at__isnull=False).order_by("-ended_at")


def account_of(lead: Lead, *, prices: PriceList | None = None) -> OwnAccount:
    """Return what a lead account holds now, or the account elsewhere, as last seen."""
    prices = prices or price_list()
    owned = _owned_by(lead)
    cash_units, cash_held_units = owned.get(prices.cash.pk, (0, 0))
    held = [(coin, *owned[coin.asset_id]) for coin in prices.coins if coin.asset_id in owned]
    other_units = lead.other_value_units
    equity = cash_units + other_units + sum(coin.value_units(units) for coin, units, _ in held)
    coins = [
        OwnPosition(
            symbol=coin.symbol,
            name=coin.name,
            colour=coin.colour,
            decimals=coin.decimals,
            units=units,
            held_units=held_units,
            value_units=coin.value_units(units),
            weight=coin.value_units(units) / equity if equity else 0.0,
        )
        for coin, units, held_units in held
    ]
    rest = OwnPosition(
        symbol="Cash",
        name=prices.cash.symbol,
        colour=0,
        decimals=prices.cash.decimals,
        units=cash_units,
        held_units=cash_held_units,
        value_units=cash_units,
        weight=cash_units / equity if equity else 0.0,
    )
    other = OwnPosition(
        symbol="Other",
        name=gettext("not traded here"),
        colour=0,
        decimals=prices.cash.decimals,
        units=other_units,
        held_units=0,
        value_units=other_units,
        weight=max(other_units, 0) / equity if equity else 0.0,
    )
    ordered = sorted(coins, key=lambda position: -position.value_units)
    positions = (*ordered, *([other] if other_units else []), rest)
    return OwnAccount(positions=positions, equity_units=equity, cash_units=cash_units)


def open_orders_of(lead: Lead) -> QuerySet[LeadOrder]:
    """Return a lead's orders that are open, oldest first."""
    return _orders(lead).filter(status=LeadOrder.Status.SUBMITTED).order_by("pk")


def orders_of(lead: Lead) -> QuerySet[LeadOrder]:
    """Return a lead's orders that are done, latest first."""
    return _orders(lead).exclude(status=LeadOrder.Status.SUBMITTED).order_by("-pk")


def all_orders_of(lead: Lead) -> QuerySet[LeadOrder]:
    """Return a lead's orders, open and done."""
    return _orders(lead)


def own_order(user: User, order_id: int) -> QuerySet[LeadOrder]:
    """Return one order, if it is this person's."""
    return LeadOrder.objects.filter(pk=order_id, lead__user=user)


def following_of(lead: Lead) -> Following:
    """Return how many follow a lead, and with how much."""
    outcome = records.following_of([lead.pk]).get(lead.pk, records.Following())
    invested = _followers_copies(lead).aggregate(sum=Sum("invested_units"))
    taken = invested["sum"] or 0
    return Following(
        followers=outcome.followers,
        places_left=max(lead.followers_max - outcome.followers, 0),
        money_units=outcome.following_units,
        invested_units=taken,
        money_left_units=None if lead.money_max_units is None else max(lead.money_max_units - taken, 0),
    )


def earnings_of(lead: Lead) -> list[EarnedWeek]:
    """Return what a lead earned, by the week that it was paid in (Monday to Monday, UTC), latest first."""
    weeks = (
        ProfitShare.objects.filter(copy__lead=lead, share_units__gt=0)
        .annotate(week=TruncWeek("settled_at", tzinfo=UTC))
        .values("week")
        .annotate(copies=Count("copy", distinct=True), share=Sum("share_units"), kept=Sum("platform_units"))
        .order_by("-week")
    )
    return [
        EarnedWeek(
            began_on=row["week"],
            ended_on=row["week"] + timedelta(days=6),
            copies=row["copies"],
            share_units=row["share"],
            kept_units=row["kept"],
        )
        for row in weeks
    ]


def earned_units_of(lead: Lead) -> int:
    """Return all that a lead earned so far, less the platform's part."""
    total = ProfitShare.objects.filter(copy__lead=lead).aggregate(sum=Sum(F("share_units") - F("platform_units")))
    return total["sum"] or 0


def rates_of(lead: Lead) -> list[dict[str, object]]:
    """Return the profit shares that running copies were started with, and how many have each."""
    rates = _followers_copies(lead).values("profit_share_rate").annotate(copies=Count("pk"), latest=Max("started_at"))
    return [dict(row) for row in rates.order_by("-latest")]


def notices_of(lead: Lead) -> QuerySet[LeadNotice]:
    """Return what a lead wrote to followers, latest first."""
    return lead.notices.order_by("-pk")


def traded_markets() -> list[Market]:
    """Return the markets that an order can be given in."""
    return list(Market.objects.filter(status=Market.Status.TRADING).select_related("base", "quote", "mark"))


def _followers_copies(lead: Lead) -> QuerySet[Copy]:
    """Return the running copies of people: the platform's own is none."""
    return Copy.objects.filter(lead=lead, is_reference=False).exclude(status=Copy.Status.STOPPED)


def _owned_by(lead: Lead) -> dict[int, tuple[int, int]]:
    """Return what a lead has of each asset, and how much of it is promised to open orders."""
    if lead.ledger_account_id is None:
        seen = LeadHolding.objects.filter(lead=lead).exclude(units=0).values_list("asset_id", "units")
        return {asset_id: (units, 0) for asset_id, units in seen}
    balances = Balance.objects.filter(ledger_account=lead.ledger_account_id).exclude(posted=0)
    return {asset_id: (posted, held) for asset_id, posted, held in balances.values_list("asset_id", "posted", "held")}


def _orders(lead: Lead) -> QuerySet[LeadOrder]:
    return LeadOrder.objects.filter(lead=lead).select_related("market__base", "market__quote")
