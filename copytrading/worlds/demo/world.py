"""
The demo world, set up once through the services that everybody uses.

    120 days ago     the leads are approved (where there is a past to tell of)
    a while ago      they move their money in, and the settling window passes
    moments ago      followers start their copies, leads buy their first portfolio: one bunched order a market
    now              the first point of every curve

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
from copytrading.engine.holdings.terms import Terms
from copytrading.exchange import registry
from copytrading.exchange.errors import VenueUnreachable
from copytrading.exchange.markets import Quote
from copytrading.exchange.protocols import PriceSource
from copytrading.models import Copy, Lead, LeadFlow, ScheduledRun
from copytrading.queries import holdings
from copytrading.queries.market import board as market_queries
from copytrading.queries.rules import CASH_DECIMALS, platform_rules
from copytrading.services.books import records
from copytrading.services.copies import verbs as copies
from copytrading.services.cycle import syncing
from copytrading.services.feed import source as price_feed
from copytrading.services.leads import observing, showing
from copytrading.services.leads import verbs as leads
from copytrading.services.market import quotes as market
from copytrading.services.reference import copies as reference_copies
from copytrading.services.refusals import Refusal
from copytrading.services.wallet import transfers
from copytrading.worlds.demo import acting, history, people, recorded_lead
from copytrading.worlds.demo.characters import CHARACTERS, Character
from copytrading.worlds.demo.history import Past
from copytrading.worlds.demo.people import FOLLOWERS, Login
from copytrading.worlds.demo.recorded_lead import Recording

OPENING_TURN = 0
# How long ago the first trades were, and how many looks they may take, one a second.
OPENING_SECONDS = 60
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


def set_up_world(*, now: datetime) -> DemoWorld:
    """
    Set up the demo world on this installation's market, once; again it changes nothing.

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
        _set_up(source=source, fills=fills, now=now)
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


def _set_up(*, source: PriceSource, fills: Recording | None, now: datetime) -> None:
    opening_at = now - timedelta(seconds=OPENING_SECONDS)
    # Early enough that the leads' deposits hold nobody's drift repair any more.
    moved_in_at = opening_at - timedelta(seconds=platform_rules().settling_seconds + 1)
    quotes = _present(source, now=now)
    prices = {quote.symbol: quote.price for quote in quotes}
    price_feed.list_pairs(prices=prices)
    price_feed.keep_position(position=source.market_time(now), now=now)
    _quote(quotes, moved_in_at)
    transfers.fund_dust_account(now=moved_in_at)
    for email in (people.OPERATOR_EMAIL, people.SECOND_OPERATOR_EMAIL):
        people.person(email, can_sign_in=True, is_operator=True)
    follower = people.person(people.FOLLOWER_EMAIL, can_sign_in=True)
    _deposit(follower, people.FOLLOWER_DEPOSIT, now=moved_in_at)

    # Only of an invented market may a past be invented.
    past = None if price_feed.is_recorded() or price_feed.is_live() else _past(prices)
    if past:
        history.write_bars(past=past, now=moved_in_at)
    # Where real fills are played back, their lead takes the last character's place.
    characters = CHARACTERS[:-1] if fills else CHARACTERS
    led = {character.name: _lead(character, past=past, now=moved_in_at) for character in characters}
    if fills:
        _observed_lead(fills, now=moved_in_at)
    _quote(quotes, opening_at)
    _start_copies(led, now=opening_at)
    reference_copies.keep_reference_copies(now=opening_at)
    for character in characters:
        _give_opening_orders(character, lead=led[character.name], prices=prices, past=past, now=opening_at)
    _settle(quotes, opening_at)
    _quote(quotes, now)
    rules = platform_rules()
    for lead in led.values():
        records.record_lead(lead=lead, now=now, rules=rules)


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
    began_at = now - timedelta(days=history.PAST_DAYS if past else 0)
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


def _start_copies(led: Mapping[str, Lead], *, now: datetime) -> None:
    for follower in FOLLOWERS:
        user = people.person(follower.email)
        _deposit(user, follower.deposit, now=now)
        for planned in follower.copies:
            if planned.lead_name in led:
                copies.start_copy(
                    follower=user,
                    lead_id=led[planned.lead_name].pk,
                    investment_units=_units(planned.investment),
                    terms=Terms(stop_loss_units=_units(planned.stop_loss) if planned.stop_loss else None),
                    idempotency_key=f"{KEY} {planned.lead_name}",
                    now=now,
                )


def _give_opening_orders(
    character: Character, *, lead: Lead, prices: Mapping[str, Decimal], past: Past | None, now: datetime
) -> None:
    """Let a lead buy what its rule ends the past with; from one look, where there is no past."""
    symbols = price_feed.by_size(prices)
    if past:
        last_turn = (len(past.closes) - 1) // character.pause_hours
        chosen = history.weights_at(character, past=past, hour=last_turn * character.pause_hours)
    else:
        chosen = character.weights(closes=np.array([[float(prices[symbol]) for symbol in symbols]]), turn=OPENING_TURN)
    board = market_queries.load_board(now=now, rules=platform_rules())
    tradable, places = acting.tradable_places(board)
    weights = np.zeros(len(board.asset_ids))
    for symbol, weight in zip(symbols, chosen.tolist(), strict=True):
        if symbol in tradable:
            weights[places[tradable.index(symbol)]] = weight
    portfolio = holdings.load_lead(lead, board=board, cash=market_queries.cash_asset())
    wishes = acting.wishes_toward(weights, portfolio=portfolio, board=board)
    acting.submit(lead, wishes, turn=OPENING_TURN, now=now)


def _settle(quotes: list[Quote], opening_at: datetime) -> None:
    """Look at every lead, a second a time, until nothing is left to trade."""
    for second in range(1, OPENING_SECONDS):
        moment = opening_at + timedelta(seconds=second)
        _quote(quotes, moment)
        due = syncing.leads_to_sync(now=moment)
        if not due:
            return
        for lead_id in due:
            syncing.sync_lead(lead_id=lead_id, now=moment)


def _quote(quotes: list[Quote], moment: datetime) -> None:
    market.record_quotes(quotes=[replace(quote, as_of=moment) for quote in quotes], now=moment)


def _deposit(user: User, value: int, *, now: datetime) -> None:
    transfers.deposit(user=user, units=_units(value), idempotency_key=KEY, now=now)


def _units(value: int) -> int:
    return value * 10**CASH_DECIMALS


def _is_done() -> bool:
    return ScheduledRun.objects.filter(job=_job()).exists()


def _job() -> str:
    return f"demo world {price_feed.source_key()}"
