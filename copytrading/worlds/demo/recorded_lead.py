"""
A lead whose real fills are played back beside the recorded prices.

Such a lead trades elsewhere and is only looked at: each fill is noted when the recording reaches its time, at the price
it really had. Which fills were noted is a row each, written in the transaction that notes them, so that a restart
neither misses nor repeats one.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import ROUND_CEILING, Decimal
from pathlib import Path

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet

from copytrading.engine.units import units_of
from copytrading.exchange.prices.files import LeadTrades, RecordingError, moment_of, read_lead_trades
from copytrading.exchange.protocols import PriceSource
from copytrading.models import Lead, Market, ScheduledRun
from copytrading.queries.rules import installed_rules
from copytrading.services.feed import source as price_feed
from copytrading.services.feed.source import RecordingUnusable
from copytrading.services.leads import observing

NAME = "Logbook"
EMAIL = "logbook@demo.example.org"
BIO = (
    "A real trader's recorded fills, played back at the pace of the recorded market. Trades elsewhere; only looked at."
)

# How long before its first fill a recording begins, in our seconds: long enough to start a copy of it.
LEAD_IN_SECONDS = 30
CASH_STEP = Decimal(1_000)
QUOTE_ENDING = "-USDT"
# So that many fills at once, from before the first bar or at a high speed, do not hold the prices up.
FILLS_A_TICK = 50


@dataclass(frozen=True, kw_only=True)
class Fill:
    """One recorded fill in whole units, ready to be noted; `cash_units` is what the cash changed by, fee included."""

    happened_at: datetime
    symbol: str
    price: Decimal
    signed_units: int
    cash_units: int


@dataclass(frozen=True, kw_only=True)
class Recording:
    """A trader's fills in order, and the cash units that they can be paid from."""

    fills: tuple[Fill, ...]
    cash_units: int

    def begins_at(self) -> datetime:
        """Return the market time from which the recording is shown."""
        return self.fills[0].happened_at - timedelta(seconds=LEAD_IN_SECONDS * settings.SMARTSYNC_SPEED)


def read_recording() -> Recording | None:
    """
    Return the recorded fills that SMARTSYNC_LEAD_TRADES names, or None where it names none.

    :raises RecordingUnusable: if the file cannot be used, sells what was never bought, or prices are not recorded.
    """
    if not settings.SMARTSYNC_LEAD_TRADES:
        return None
    if not price_feed.is_recorded():
        raise RecordingUnusable("Recorded fills need recorded prices: name their file too (PRICES=file.csv.gz).")
    try:
        trades = read_lead_trades(Path(settings.SMARTSYNC_LEAD_TRADES))
        return _recording_of(trades)
    except RecordingError as error:
        raise RecordingUnusable(str(error)) from error


def refuse_uncovered(recording: Recording, *, source: PriceSource) -> None:
    """
    Refuse fills that the recorded prices do not cover.

    :raises RecordingUnusable: with the pairs that are missing.
    """
    missing = sorted({fill.symbol for fill in recording.fills} - set(source.symbols))
    if missing:
        raise RecordingUnusable(f"The prices lack pairs that the lead traded: {', '.join(missing)}.")
    returned = {symbol.partition(" (")[0] for symbol in source.symbols if " (" in symbol}
    doubtful = sorted(
        symbol for symbol in {fill.symbol for fill in recording.fills} if symbol.removesuffix(QUOTE_ENDING) in returned
    )
    if doubtful:
        raise RecordingUnusable(
            f"The name of {', '.join(doubtful)} means two coins in these prices, for its bars pause for long. "
            "Add the bars between, or give another name to what came later."
        )


def recorded_lead() -> Lead | None:
    """Return the lead of the recorded fills while it leads."""
    return Lead.objects.filter(user__email=EMAIL, source=Lead.Source.OBSERVED, status=Lead.Status.ACTIVE).first()


def follow_recording(*, lead: Lead, recording: Recording, market_time: datetime, now: datetime) -> int:
    """Note the fills that the recording has reached and that were not noted before; return how many."""
    noted = 0
    first = _runs(lead).count()
    for number, fill in enumerate(recording.fills[first : first + FILLS_A_TICK], start=first):
        if fill.happened_at > market_time:
            break
        # A coin whose first bar is yet to come is known by this fill.
        price_feed.list_pairs(prices={fill.symbol: fill.price})
        with transaction.atomic():
            ScheduledRun.objects.create(job=f"{_job(lead)}{number}", slot=fill.happened_at, done_at=now)
            observing.observe_trade(
                lead_id=lead.pk,
                asset_id=Market.objects.get(symbol=fill.symbol).base_id,
                signed_units=fill.signed_units,
                cash_units=fill.cash_units,
                now=now,
            )
        noted += 1
    return noted


def _recording_of(trades: LeadTrades) -> Recording:
    rules = installed_rules()
    decimals, fee_rate = rules.cash_decimals, Decimal(str(rules.fee_rate))
    fills, held, cash, cash_min = [], dict.fromkeys(trades.symbols, 0), 0, 0
    rows = zip(
        trades.times.tolist(), trades.symbols, trades.sides.tolist(), trades.quantities, trades.prices, strict=True
    )
    for place, (time, symbol, side, quantity, price) in enumerate(rows):
        if not symbol.endswith(QUOTE_ENDING):
            raise trades.refusal(place, f"{symbol} is not quoted in USDT, which this lead pays in. Remove its rows.")
        value = quantity * price
        fill = Fill(
            happened_at=moment_of(time),
            symbol=symbol,
            price=price,
            signed_units=side * units_of(quantity, decimals),
            cash_units=units_of(-side * value - value * fee_rate, decimals),
        )
        held[symbol] += fill.signed_units
        if held[symbol] < 0:
            raise RecordingError(
                path=trades.path,
                line=int(trades.lines[place]),
                sentence=f"The lead sells more {symbol} than it holds. Add the trades that bought the rest.",
            )
        cash += fill.cash_units
        cash_min = min(cash_min, cash)
        fills.append(fill)
    # A quarter more than the fills ever needed, in whole thousands: a portfolio is rarely invested to the last coin.
    steps = (Decimal(-cash_min).scaleb(-decimals) * Decimal("1.25") / CASH_STEP).to_integral_value(ROUND_CEILING)
    return Recording(fills=tuple(fills), cash_units=units_of(max(steps, Decimal(1)) * CASH_STEP, decimals))


def _job(lead: Lead) -> str:
    return f"lead {lead.pk} fill "


def _runs(lead: Lead) -> QuerySet[ScheduledRun]:
    return ScheduledRun.objects.filter(job__startswith=_job(lead))
