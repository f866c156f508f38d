"""
Statements: for one copy or for everything of a person, from any second to any other, what there was, what moved, what
it brought and cost, and which lots are left.

    value at the beginning + flows + result = value at the end           to the unit
    result = prices, coin by coin + spread + fees + profit shares + corrections     to the unit
    coins at the beginning + all that moved = coins at the end = lots    to the unit

What was booked at the first moment is in it, what was booked at the last is in the next. A *value* is cash and coins
at recorded prices (`past_prices`), before the profit share that is still due: that counts on the day it is paid. A
trade is looked at beside the mid of its order: what it was off that is spread, what prices made from there is the
coin's.

Coins that a copy's end hands over as they are count for nothing in the copy, as in its result (`coin_results`), and go
on in the wallet with their dates and costs. Quantities are in the unit of their moment; where a coin was counted anew
there is a line that says how many it became, and its lots are turned by it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction

from django.utils.translation import gettext, gettext_noop

from accounts.models import Asset, Journal, User
from copytrading.engine.track_record.tax_lots import Disposal, LotEvent, LotEventKind, LotMethod, book_lots
from copytrading.models import Copy
from copytrading.queries.leads.yardstick import bitcoin_curve
from copytrading.queries.money import past_prices, statement_books
from copytrading.queries.money.past_prices import PastPrice, SeenPrice
from copytrading.queries.money.statement_books import BookedJournal, OwnShare, StatementBooks
from copytrading.queries.money.statement_lines import (
    PART_WORDS,
    Costs,
    Holding,
    OtherKind,
    OtherMove,
    Part,
    ResultPart,
    ShareMove,
    Stand,
    Statement,
    StatementFlow,
    StatementTrade,
    YearOfGains,
)

# What a flow is called; what is not here is named by its kind.
FLOW_WORDS = {
    Journal.Kind.COPY_START: gettext_noop("Put in at the start"),
    Journal.Kind.COPY_INCREASE: gettext_noop("Put in"),
    Journal.Kind.COPY_REDUCE: gettext_noop("Taken out"),
    Journal.Kind.COPY_PAYOUT: gettext_noop("Paid out to the wallet"),
    Journal.Kind.DEPOSIT: gettext_noop("Deposited"),
    Journal.Kind.WITHDRAWAL: gettext_noop("Withdrawn"),
    Journal.Kind.REVERSAL: gettext_noop("A transfer taken back by whoever sent it"),
    Journal.Kind.ASSIGNMENT: gettext_noop("A deposit that was found"),
}
HANDED_OVER = gettext_noop("Handed over to the wallet as it is")


def period_refusal(*, begins_at: datetime, ends_at: datetime, now: datetime) -> str:
    """Return why there is no statement of a time, in a sentence; empty where there is one."""
    if ends_at <= begins_at:
        return gettext("The end has to lie after the beginning.")
    if ends_at > now:
        return gettext("A statement ends now at the latest: what is to come is in no book.")
    return ""


def statement_of(
    *,
    user: User,
    copy: Copy | None,
    begins_at: datetime,
    ends_at: datetime,
    method: LotMethod,
    marks: Iterable[SeenPrice] = (),
) -> Statement:
    """
    Return the statement of a copy of a person, or of everything they have, for [begins_at, ends_at).

    :param copy: one of the person's own, with its lead.
    :param marks: prices beside the recorded ones, as those of this moment for a time that is not over.
    """
    books = statement_books.load_books(user=user, copy=copy, before=ends_at)
    reading = _Reading(books, begins_at=begins_at, ends_at=ends_at, marks=tuple(marks))
    for journal in books.journals:
        reading.take(journal)
    opening, closing = reading.stand(reading.units_before, begins_at), reading.stand(reading.units, ends_at)
    lots = book_lots(events=reading.events, method=method)
    disposals = tuple(one for one in lots.disposals if one.disposed_at >= begins_at)
    put_in = sum(flow.value_units for flow in reading.flows if flow.value_units > 0)
    return Statement(
        copy_id=copy.pk if copy else None,
        name=gettext("Your copy of %(name)s") % {"name": copy.lead.name} if copy else gettext("Everything"),
        begins_at=begins_at,
        ends_at=ends_at,
        method=method,
        cash_symbol=books.cash.symbol,
        cash_decimals=books.cash.decimals,
        opening=opening,
        closing=closing,
        flows=tuple(reading.flows),
        trades=tuple(reading.trades),
        shares=tuple(reading.shares),
        others=tuple(reading.others),
        results=_results(reading, opening, closing),
        costs=Costs(
            fee_units=-sum(trade.cost_units for trade in reading.trades),
            spread_units=-sum(trade.spread_units for trade in reading.trades),
            share_units=-sum(share.units for share in reading.shares if share.units < 0),
            turnover_units=sum(trade.value_units for trade in reading.trades),
            base_units=opening.value_units + put_in,
        ),
        benchmark_fraction=_bitcoin(books, copy, begins_at, ends_at),
        disposals=disposals,
        lots=lots.lots,
        years=_years(disposals),
        decimals_of={asset.symbol: asset.decimals for asset in books.assets.values()},
    )


@dataclass
class _Reading:
    """The books, journal by journal: what there is by asset, what happened to each coin, and the lines of the time."""

    books: StatementBooks
    begins_at: datetime
    ends_at: datetime
    marks: tuple[SeenPrice, ...] = ()
    units: dict[int, int] = field(default_factory=dict)
    units_before: dict[int, int] = field(default_factory=dict)
    events: list[LotEvent] = field(default_factory=list)
    flows: list[StatementFlow] = field(default_factory=list)
    trades: list[StatementTrade] = field(default_factory=list)
    shares: list[ShareMove] = field(default_factory=list)
    others: list[OtherMove] = field(default_factory=list)
    # What prices made of a coin besides what it was worth at the two ends, by asset.
    turned: dict[int, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        wanted = [(asset, at) for asset in self._coins() for at in (self.begins_at, self.ends_at)]
        wanted += [
            (asset, journal.at)
            for journal in self.books.journals
            if journal.kind not in (Journal.Kind.TRADE, Journal.Kind.DUST, Journal.Kind.REDENOMINATION)
            for asset in journal.net()
            if asset != self.books.cash.pk
        ]
        seen = [
            SeenPrice(asset_id=share.asset_id, as_of=share.planned_at, known_at=share.booked_at, price=share.price_mid)
            for share in self.books.shares.values()
        ]
        seen += self.marks
        self.prices = past_prices.past_prices(
            wanted, cash_id=self.books.cash.pk, seen=seen, new_units=self.books.new_units
        )

    def take(self, journal: BookedJournal) -> None:
        """Count one journal."""
        for _, asset_id, units in journal.lines:
            self.units[asset_id] = self.units.get(asset_id, 0) + units
            if journal.at < self.begins_at:
                self.units_before[asset_id] = self.units_before.get(asset_id, 0) + units
        match journal.kind:
            case Journal.Kind.TRADE:
                self._take_trade(journal)
            case Journal.Kind.DUST:
                self._take_rest(journal)
            case Journal.Kind.PROFIT_SHARE:
                if self._is_in(journal):
                    self.shares += [
                        ShareMove(
                            at=journal.at,
                            place=self._name(account),
                            symbol=self.books.assets[asset_id].symbol,
                            decimals=self.books.assets[asset_id].decimals,
                            units=units,
                        )
                        for account, asset_id, units in journal.lines
                    ]
            case Journal.Kind.REDENOMINATION:
                self._take_recount(journal)
            case _:
                self._take_flow(journal)

    def stand(self, units_of: dict[int, int], at: datetime) -> Stand:
        """Return what there was, valued at a moment."""
        cash = self.books.cash
        coins = [asset for asset in self._coins() if units_of.get(asset)]
        coins.sort(key=lambda asset: self.books.assets[asset].symbol)
        holdings = [
            Holding(
                symbol=cash.symbol,
                decimals=cash.decimals,
                units=units_of.get(cash.pk, 0),
                price=None,
                priced_at=None,
                value_units=units_of.get(cash.pk, 0),
                is_cash=True,
            )
        ]
        for asset_id in coins:
            asset, price = self.books.assets[asset_id], self.prices.get((asset_id, at))
            holdings.append(
                Holding(
                    symbol=asset.symbol,
                    decimals=asset.decimals,
                    units=units_of[asset_id],
                    price=price.price if price else None,
                    priced_at=price.as_of if price else None,
                    value_units=self._worth(asset, units_of[asset_id], price),
                    is_cash=False,
                )
            )
        return Stand(at=at, holdings=tuple(holdings), value_units=sum(holding.value_units for holding in holdings))

    def _take_trade(self, journal: BookedJournal) -> None:
        cash_id = self.books.cash.pk
        for account in dict.fromkeys(account for account, _, _ in journal.lines):
            own = {asset: units for owner, asset, units in journal.lines if owner == account}
            cash = own.pop(cash_id, 0)
            share = self.books.shares.get((journal.order_id or 0, account))
            for asset_id, units in own.items():
                trade = self._trade(journal, account, asset_id, units, cash, share)
                kind = LotEventKind.ACQUIRE if units > 0 else LotEventKind.SELL
                self._happen(kind, journal, asset_id, abs(units), abs(cash))
                self._turn(asset_id, cash - trade.spread_units - trade.cost_units, journal)
                if self._is_in(journal):
                    self.trades.append(trade)

    def _trade(
        self, journal: BookedJournal, account: int, asset_id: int, units: int, cash: int, share: OwnShare | None
    ) -> StatementTrade:
        asset, places = self.books.assets[asset_id], self.books.cash.decimals
        value = share.value_units if share else cash
        fee, fee_base = (share.fee_units, share.fee_base_units) if share else (0, 0)
        mid = share.price_mid if share else None
        # What the venue kept of the coin was bought as well.
        traded = units + fee_base
        cost = -fee - (_at(fee_base, mid, asset, places) if mid is not None else 0)
        worth = _at(units, mid, asset, places) if mid is not None else -cash
        return StatementTrade(
            at=journal.at,
            place=self._name(account),
            market=share.market if share else f"{asset.symbol}-{self.books.cash.symbol}",
            symbol=asset.symbol,
            decimals=asset.decimals,
            units=units,
            price=(Decimal(abs(value)) / abs(traded)).scaleb(asset.decimals - places) if traded else Decimal(0),
            price_mid=mid,
            value_units=abs(value),
            fee_units=fee,
            fee_base_units=fee_base,
            spread_units=cash + worth - cost,
            cost_units=cost,
            order_id=share.order_id if share else journal.order_id,
            cycle_id=share.cycle_id if share else None,
        )

    def _take_rest(self, journal: BookedJournal) -> None:
        """Count what the platform took over: a sale of each coin for what was paid for it."""
        cash_id = self.books.cash.pk
        for account in dict.fromkeys(account for account, _, _ in journal.lines):
            own = [(asset, units) for owner, asset, units in journal.lines if owner == account and asset != cash_id]
            paid = sum(units for owner, asset, units in journal.lines if owner == account and asset == cash_id)
            for (asset_id, units), value in zip(own, self._paid(journal, account, own, paid), strict=True):
                asset = self.books.assets[asset_id]
                self._happen(LotEventKind.SELL, journal, asset_id, -units, value)
                self._turn(asset_id, value, journal)
                self._other(journal, OtherKind.TAKEN_OVER, self._name(account), asset, units, value)

    def _paid(self, journal: BookedJournal, account: int, own: Sequence[tuple[int, int]], paid: int) -> Sequence[int]:
        """Return what was paid for each coin; where nobody noted it the first has it all."""
        noted = [self.books.rests.get((account, asset_id, journal.at), 0) for asset_id, _ in own]
        if own:
            noted[0] += paid - sum(noted)
        return noted

    def _take_recount(self, journal: BookedJournal) -> None:
        for asset_id, units in journal.net().items():
            asset = self.books.assets[asset_id]
            # What there is of it already is what there is afterwards.
            self._happen(LotEventKind.RECOUNT, journal, asset_id, self.units.get(asset_id, 0), 0)
            self._other(journal, OtherKind.NEW_UNIT, "", asset, units, 0)

    def _take_flow(self, journal: BookedJournal) -> None:
        """Count what came from outside or went there; what moved between own accounts is no flow."""
        for asset_id, units in journal.net().items():
            asset, is_cash = self.books.assets[asset_id], asset_id == self.books.cash.pk
            is_handed_over = journal.kind == Journal.Kind.COPY_PAYOUT and not is_cash
            value = units
            if not is_cash:
                price = self.prices.get((asset_id, journal.at))
                value = 0 if is_handed_over else self._worth(asset, units, price)
                kind = LotEventKind.ACQUIRE if units > 0 else LotEventKind.HAND_OVER
                self._happen(kind, journal, asset_id, abs(units), max(value, 0))
                self._turn(asset_id, -value, journal)
            place = self._name(next(account for account, asset, _ in journal.lines if asset == asset_id))
            if journal.kind == Journal.Kind.CORRECTION:
                self._other(journal, OtherKind.CORRECTION, place, asset, units, value)
            elif self._is_in(journal):
                known = FLOW_WORDS.get(journal.kind)
                words = gettext(known) if known else str(journal.kind.label).capitalize()
                self.flows.append(
                    StatementFlow(
                        at=journal.at,
                        kind=journal.kind,
                        place=place,
                        sentence=gettext(HANDED_OVER) if is_handed_over else words,
                        symbol=asset.symbol,
                        decimals=asset.decimals,
                        units=units,
                        value_units=value,
                    )
                )

    def _happen(self, kind: LotEventKind, journal: BookedJournal, asset_id: int, units: int, value: int) -> None:
        coin = self.books.assets[asset_id].symbol
        self.events.append(LotEvent(kind=kind, at=journal.at, coin=coin, units=units, value_units=value))

    def _turn(self, asset_id: int, units: int, journal: BookedJournal) -> None:
        if self._is_in(journal):
            self.turned[asset_id] = self.turned.get(asset_id, 0) + units

    def _other(self, journal: BookedJournal, kind: OtherKind, place: str, asset: Asset, units: int, value: int) -> None:
        if self._is_in(journal):
            self.others.append(
                OtherMove(
                    at=journal.at,
                    kind=kind,
                    place=place,
                    symbol=asset.symbol,
                    decimals=asset.decimals,
                    units=units,
                    value_units=value,
                )
            )

    def _is_in(self, journal: BookedJournal) -> bool:
        return journal.at >= self.begins_at

    def _coins(self) -> list[int]:
        return [asset_id for asset_id in self.books.assets if asset_id != self.books.cash.pk]

    def _name(self, account: int) -> str:
        return self.books.places[account].name

    def _worth(self, asset: Asset, units: int, price: PastPrice | None) -> int:
        if price is None:
            return 0
        return price.value_units(units, decimals=asset.decimals, cash_decimals=self.books.cash.decimals)


def _results(reading: _Reading, opening: Stand, closing: Stand) -> tuple[ResultPart, ...]:
    """Return the parts of the result: each coin, then what is no coin; those that are nothing are left out."""
    by_symbol: dict[str, int] = {}
    for stand, sign in ((closing, 1), (opening, -1)):
        for holding in stand.holdings:
            if not holding.is_cash:
                by_symbol[holding.symbol] = by_symbol.get(holding.symbol, 0) + sign * holding.value_units
    for asset_id, units in reading.turned.items():
        symbol = reading.books.assets[asset_id].symbol
        by_symbol[symbol] = by_symbol.get(symbol, 0) + units
    parts = [
        ResultPart(part=Part.PRICES, name=symbol, symbol=symbol, units=by_symbol[symbol])
        for symbol in sorted(by_symbol)
    ]
    others = {
        Part.SPREAD: sum(trade.spread_units for trade in reading.trades),
        Part.FEES: sum(trade.cost_units for trade in reading.trades),
        Part.PROFIT_SHARE: sum(share.units for share in reading.shares if share.units < 0),
        Part.EARNED_SHARE: sum(share.units for share in reading.shares if share.units > 0),
        Part.CORRECTION: sum(one.value_units for one in reading.others if one.kind == OtherKind.CORRECTION),
    }
    parts += [
        ResultPart(part=part, name=gettext(PART_WORDS[part]), symbol="", units=units) for part, units in others.items()
    ]
    return tuple(part for part in parts if part.units)


def _years(disposals: Iterable[Disposal]) -> tuple[YearOfGains, ...]:
    """Return what was sold year by year; what was handed over is no gain of any year."""
    years: dict[int, tuple[int, int]] = {}
    for one in disposals:
        if one.proceeds_units is not None:
            year = one.disposed_at.astimezone(UTC).year
            proceeds, cost = years.get(year, (0, 0))
            years[year] = proceeds + one.proceeds_units, cost + one.cost_units
    return tuple(
        YearOfGains(year=year, proceeds_units=proceeds, cost_units=cost)
        for year, (proceeds, cost) in sorted(years.items())
    )


def _bitcoin(books: StatementBooks, copy: Copy | None, begins_at: datetime, ends_at: datetime) -> float | None:
    """Return what Bitcoin made from when something was there, as the page of a lead counts it."""
    if not books.journals:
        return None
    since = max(begins_at, min(journal.at for journal in books.journals))
    until = min(ends_at, copy.stopped_at) if copy and copy.stopped_at else ends_at
    curve = bitcoin_curve(begins_at=since, ends_at=until) if since < until else []
    return curve[-1][1] / 100 if curve else None


def _at(units: int, price: Decimal, asset: Asset, cash_decimals: int) -> int:
    """Return what units of a coin come to at a price, in quote units, to the nearest."""
    return round(units * Fraction(price) * Fraction(10) ** (cash_decimals - asset.decimals))
