"""
The demo world, set up once through the services that everybody uses.

    120 days ago     the leads are approved (where there is a past to tell of)
    four weeks ago   they move their money in, and the settling window passes; followers start their copies, leads buy
                     their first portfolio: one bunched order a market
    since then       the weeks are lived, see there
    now              the last point of every curve

Where there is no past, what would have been four weeks ago was moments ago.

Every step can be told to be done, so a set-up that was interrupted is taken up again, and one that was finished is
left alone, whatever people did in it since.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal

import numpy as np
from django.conf import settings
from django.db import transaction

from accounts.models import User
from copytrading.exchange import registry
from copytrading.exchange.errors import VenueUnreachable
from copytrading.exchange.markets import Quote
from copytrading.exchange.protocols import PriceSource
from copytrading.models import Copy, Lead, LeadFlow, ScheduledRun
from copytrading.queries.rules import CASH_DECIMALS, platform_rules
from copytrading.services.books import records
from copytrading.services.feed import source as price_feed
from copytrading.services.leads import observing, showing
from copytrading.services.leads import verbs as leads
from copytrading.services.market import quotes as market
from copytrading.services.reference import copies as reference_copies
from copytrading.services.refusals import Refusal
from copytrading.services.wallet import transfers
from copytrading.worlds.demo import history, people, recorded_lead, weeks
from copytrading.worlds.demo.characters import CHARACTERS, Character
from copytrading.worlds.demo.history import Past
from copytrading.worlds.demo.people import FOLLOWERS, Login, PlannedCopy
from copytrading.worlds.demo.recorded_lead import Recording
from copytrading.worlds.demo.weeks import Weeks

OPENING_TURN = 0
KEY = "demo"


class RealMoneyHere(Refusal):
    code = "real_money_here"


class ServerHere(Refusal):
    code = "server_here"


@dataclass(frozen=True, kw_only=True)
class DemoWorld:
    """What is there now. `is_new` says whether anything was done for it."""

    logins: tuple[Login, ...]
    leads: int
    copies: int
    is_new: bool


def set_up_world(*, now: datetime, weeks_lived: bool = True) -> DemoWorld:
    """
    Set up the demo world on this installation's market, once; again it changes nothing.

    :param weeks_lived: whether it lives its last four weeks, which takes a while, or begins a moment ago.
    :raises RecordingUnusable: if prices or fills name a file that cannot be used.
    :raises PricesNotReached: if prices are live and nobody tells them.
    :raises RealMoneyHere: if this installation trades at a real venue.
    :raises ServerHere: if this is a server, as everybody knows the demo world's passwords.
    """
    if not registry.is_paper():
        raise RealMoneyHere("Invented leads do not trade with real money; there is no demo world here.")
    if not settings.DEVELOPMENT:
        raise ServerHere(
            "Everybody knows the demo world's passwords, so it is set up with DEVELOPMENT=1 only; there is none here."
        )
    is_new = not _is_done()
    if is_new:
        fills = recorded_lead.read_recording()
        source = price_feed.open_source(now=now, begins_at=fills.begins_at() if fills else None)
        if fills:
            recorded_lead.refuse_uncovered(fills, source=source)
        _set_up(source=source, fills=fills, now=now, weeks_lived=weeks_lived)
        ScheduledRun.objects.create(job=_job(), slot=now, done_at=now)
    return DemoWorld(
        logins=(
            Login(role="follower", email=people.FOLLOWER_EMAIL, password=people.PASSWORD),
            Login(role="lead", email=CHARACTERS[0].email, password=people.PASSWORD),
            Login(role="operator", email=people.OPERATOR_EMAIL, password=people.PASSWORD),
            Login(role="operator", email=people.SECOND_OPERATOR_EMAIL, password=people.PASSWORD),
        ),
        leads=Lead.objects.exclude(status=Lead.Status.ENDED).count(),
        copies=Copy.objects.filter(is_reference=False).exclude(status=Copy.Status.STOPPED).count(),
        is_new=is_new,
    )


def _set_up(*, source: PriceSource, fills: Recording | None, now: datetime, weeks_lived: bool) -> None:
    quotes = _present(source, now=now)
    prices = {quote.symbol: quote.price for quote in quotes}
    price_feed.list_pairs(prices=prices)
    price_feed.keep_position(position=source.market_time(now), now=now)
    # Only of an invented market may a past be invented.
    past = None if price_feed.is_recorded() or price_feed.is_live() else _past(prices)
    lived = _weeks(past, now=now) if past and weeks_lived else None
    opening_at = lived.moment(lived.first) if lived else now - timedelta(seconds=weeks.SETTLING_SECONDS)
    # Early enough that the leads' deposits hold nobody's drift repair any more.
    moved_in_at = opening_at - timedelta(seconds=platform_rules().settling_seconds + 1)

    def quote(moment: datetime) -> None:
        quoted = lived.quotes(lived.first, now=moment) if lived else [replace(one, as_of=moment) for one in quotes]
        market.record_quotes(quotes=quoted, now=moment)

    quote(moved_in_at)
    transfers.fund_dust_account(now=moved_in_at)
    for email in (people.OPERATOR_EMAIL, people.SECOND_OPERATOR_EMAIL):
        people.person(email, can_sign_in=True, is_operator=True)
    follower = people.person(people.FOLLOWER_EMAIL, can_sign_in=True)
    _deposit(follower, people.FOLLOWER_DEPOSIT, now=moved_in_at)

    if past:
        history.write_bars(past=past, now=lived.now if lived else moved_in_at)
    if lived:
        past = lived.past.until(lived.first)
    # Where real fills are played back, their lead takes the last character's place.
    led = {
        character: _lead(character, past=past, now=moved_in_at)
        for character in (CHARACTERS[:-1] if fills else CHARACTERS)
    }
    if fills:
        _observed_lead(fills, now=moved_in_at)
    quote(opening_at)
    planned = _planned(now=opening_at)
    weeks.start_copies([(user, plan) for user, plan in planned if not plan.day], led=led, now=opening_at)
    reference_copies.keep_reference_copies(now=opening_at)
    for character, lead in led.items():
        weights = _opening_weights(character, prices=prices, past=past)
        weeks.give_orders(lead, weights=weights, turn=OPENING_TURN, now=opening_at)
    weeks.settle(quote, now=opening_at)
    if lived:
        own = [(follower, plan) for plan in people.OWN_COPIES]
        weeks.live(lived, led=led, planned=[*planned, *own])
    market.record_quotes(quotes=[replace(one, as_of=now) for one in quotes], now=now)
    rules = platform_rules()
    for lead in led.values():
        records.record_lead(lead=lead, now=now, rules=rules)


def _weeks(past: Past, *, now: datetime) -> Weeks:
    """Return the weeks that are lived; those of a set-up that was interrupted are the same ones."""
    begun, _ = ScheduledRun.objects.get_or_create(job=f"{_job()} begun", defaults={"slot": now, "done_at": now})
    return Weeks(past=past, now=begun.slot, first=past.last - weeks.DAYS * 24)


def _present(source: PriceSource, *, now: datetime) -> list[Quote]:
    """Return what costs something now; a live price is a moment old, one of a recording that is has ended."""
    try:
        quotes = source.quotes(now)
    except VenueUnreachable as trouble:
        raise price_feed.PricesNotReached(f"There are no prices to begin with: {trouble}") from trouble
    oldest = now - timedelta(seconds=platform_rules().price_age_max_seconds if price_feed.is_live() else 0)
    return [quote for quote in quotes if quote.as_of >= oldest]


def _past(prices: Mapping[str, Decimal]) -> Past:
    return history.past_of(prices=prices, symbols=price_feed.by_size(prices))


def _lead(character: Character, *, past: Past | None, now: datetime) -> Lead:
    """Return the lead that plays a character, with the stake moved in and a past; each part made on first use."""
    user = people.person(character.email, can_sign_in=character is CHARACTERS[0])
    lead = Lead.objects.filter(user=user).exclude(status=Lead.Status.ENDED).first()
    began_at = now - timedelta(hours=past.last if past else 0)
    if lead is None:
        lead = leads.apply_as_lead(
            user=user,
            name=character.name,
            bio=f"{character.bio} {PAST_SENTENCE if past else DEMO_SENTENCE}",
            tags=list(character.tags),
            profit_share_rate=Decimal(character.profit_share_percent) / 100,
            followers_max=character.followers_max,
            now=began_at,
        )
    if lead.status == Lead.Status.APPLIED:
        lead = leads.approve_lead(lead_id=lead.pk, now=began_at)
    _deposit(user, character.stake, now=now)
    units = _units(character.stake)
    if not character.discreet:
        lead = _show_all(lead, now=now)
    if not LeadFlow.objects.filter(lead=lead).exists():
        lead = leads.deposit_to_lead(lead_id=lead.pk, units=units, idempotency_key=f"{KEY} stake", now=now)
    if past and not lead.records.exists():
        path = history.path_of(character, past=past)
        with transaction.atomic():
            history.write_record(lead=lead, path=path, equity_units=units, now=now)
            history.write_trades(lead=lead, path=path, past=past, equity_units=units, now=now)
            history.write_weights(lead=lead, path=path, past=past, now=now)
    return lead


PAST_SENTENCE = "A demo lead: paper money, and a record before today that these rules made on a simulated market."
DEMO_SENTENCE = "A demo lead, with paper money."


def _observed_lead(fills: Recording, *, now: datetime) -> None:
    """Make the lead whose recorded fills are played back, unless there is one."""
    user = people.person(recorded_lead.EMAIL)
    lead = Lead.objects.filter(user=user).exclude(status=Lead.Status.ENDED).first()
    if lead is None:
        lead = leads.apply_as_lead(
            user=user,
            name=recorded_lead.NAME,
            bio=recorded_lead.BIO,
            tags=["recorded"],
            profit_share_rate=Decimal(0),
            followers_max=1000,
            now=now,
            source=Lead.Source.OBSERVED,
        )
    if lead.status == Lead.Status.APPLIED:
        leads.approve_lead(lead_id=lead.pk, now=now)
    _show_all(lead, now=now)
    observing.observe_flow(lead_id=lead.pk, units=fills.cash_units, idempotency_key=KEY, now=now)


def _show_all(lead: Lead, *, now: datetime) -> Lead:
    """Let everybody see what a lead does, as it happens."""
    return showing.choose_shown(
        lead_id=lead.pk, trades_delay_hours=0, weights_shown=Lead.WeightsShown.WITH_TRADES, now=now
    )


def _planned(*, now: datetime) -> list[tuple[User, PlannedCopy]]:
    """Return who copies whom, each with the money for it."""
    planned = []
    for follower in FOLLOWERS:
        user = people.person(follower.email)
        _deposit(user, follower.deposit, now=now)
        planned += [(user, plan) for plan in follower.copies]
    return planned


def _opening_weights(character: Character, *, prices: Mapping[str, Decimal], past: Past | None) -> dict[str, float]:
    """Return what a lead's rule ends the past with; from one look, where there is no past."""
    symbols = price_feed.by_size(prices)
    if past:
        last_turn = past.last // character.pause_hours
        weights = history.weights_at(character, past=past, hour=last_turn * character.pause_hours)
    else:
        weights = character.weights(closes=np.array([[float(prices[symbol]) for symbol in symbols]]), turn=OPENING_TURN)
    return dict(zip(symbols, weights.tolist(), strict=True))


def _deposit(user: User, value: int, *, now: datetime) -> None:
    transfers.deposit(user=user, units=_units(value), idempotency_key=KEY, now=now)


def _units(value: int) -> int:
    return value * 10**CASH_DECIMALS


def _is_done() -> bool:
    return ScheduledRun.objects.filter(job=_job()).exists()


def _job() -> str:
    return f"demo world {price_feed.source_key()}"
