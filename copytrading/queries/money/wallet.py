"""What a person reads of their wallet: what the main account holds, what it is worth, and how it came to be so."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import F, Func, OuterRef, Subquery, Sum, Window
from django.utils.translation import gettext
from django.utils.translation import gettext_noop as _

from accounts import queries as money
from accounts.models import Journal, LedgerAccount, Posting, Transfer, User
from copytrading.models import Copy, Lead, Market
from copytrading.queries.copies.portfolios import Coin, PriceList, price_list
from copytrading.queries.market.board import cash_asset

# Journals that move money between the main account and a copy, and what they say.
COPY_MOVES = {
    Journal.Kind.COPY_START: _("You started to copy {lead}"),
    Journal.Kind.COPY_INCREASE: _("You put more behind {lead}"),
    Journal.Kind.COPY_REDUCE: _("You took money out of your copy of {lead}"),
    Journal.Kind.COPY_PAYOUT: _("Your copy of {lead} was paid out"),
}
OTHER_MOVES = {
    Journal.Kind.DEPOSIT: _("You deposited"),
    Journal.Kind.WITHDRAWAL: _("You withdrew"),
    Journal.Kind.LEAD_DEPOSIT: _("You moved money to what you trade as {lead}"),
    Journal.Kind.LEAD_WITHDRAWAL: _("You took money out of what you trade as {lead}"),
    Journal.Kind.DUST: _("What was too small to trade was taken over"),
    Journal.Kind.PROFIT_SHARE: _("Profit share of those who copy you"),
    Journal.Kind.CORRECTION: _("A correction"),
    Journal.Kind.REDENOMINATION: _("The coin is counted in another unit"),
    Journal.Kind.REVERSAL: _("A transfer was taken back by whoever sent it"),
    Journal.Kind.ASSIGNMENT: _("Your deposit was found"),
}


@dataclass(frozen=True, kw_only=True)
class WalletLine:
    """What the main account has of one asset, in units; `held` of it is promised to orders and withdrawals."""

    symbol: str
    name: str
    colour: int
    decimals: int
    units: int
    held_units: int
    value_units: int
    is_cash: bool
    market_id: int | None


@dataclass(frozen=True, kw_only=True)
class Wallet:
    """The main account: cash first, then coins by worth. Worth is in quote units."""

    lines: tuple[WalletLine, ...]
    worth_units: int
    available_units: int
    on_the_way: tuple[Transfer, ...]


@dataclass(frozen=True, kw_only=True)
class Movement:
    """One line of the history: `units` came (positive) or went; the asset's balance was `balance_units` afterwards."""

    id: int
    at: datetime
    sentence: str
    symbol: str
    decimals: int
    units: int
    balance_units: int


@dataclass(frozen=True, kw_only=True)
class HistoryPage:
    """Movements, latest first; `next_id` asks for the page below, None at the end."""

    movements: tuple[Movement, ...]
    next_id: int | None


def wallet_of(user: User) -> Wallet:
    """Return what a person's main account holds, valued at the marks."""
    prices = price_list()
    columns = prices.column_of
    lines = []
    for balance in money.main_balances_of(user):
        coin = prices.coins[columns[balance.asset_id]] if balance.asset_id in columns else None
        lines.append(
            WalletLine(
                symbol=balance.asset.symbol,
                name=balance.asset.name,
                colour=coin.colour if coin else 0,
                decimals=balance.asset.decimals,
                units=balance.posted,
                held_units=balance.held,
                value_units=_value(balance.posted, balance.asset_id, coin, prices),
                is_cash=balance.asset_id == prices.cash.pk,
                market_id=coin.market_id if coin else None,
            )
        )
    lines.sort(key=lambda line: (not line.is_cash, -line.value_units))
    return Wallet(
        lines=tuple(lines),
        worth_units=sum(line.value_units for line in lines),
        available_units=sum(line.units - line.held_units for line in lines if line.is_cash),
        on_the_way=tuple(money.transfers_on_the_way_of(user)),
    )


def cash_available_of(user: User) -> int:
    """Return the cash a person can use now, in quote units."""
    return money.available_units_of(user, asset_symbol=cash_asset().symbol)


def spot_markets() -> list[Market]:
    """Return the markets that can be traded by hand, with their assets and marks."""
    cash = cash_asset()
    found = Market.objects.filter(quote=cash, status=Market.Status.TRADING).select_related("base", "quote", "mark")
    return list(found.order_by("base__symbol"))


def history_of(user: User, *, below_id: int | None = None, count: int = 25) -> HistoryPage:
    """Return one page of what moved on a person's main account, latest first."""
    postings = money.main_postings_of(user)
    if below_id is not None:
        postings = postings.filter(pk__lt=below_id)
    # A window would add up the whole history for one page of it; the index finds what one line needs.
    until_then = Posting.objects.filter(
        ledger_account=OuterRef("ledger_account"), asset=OuterRef("asset"), pk__lte=OuterRef("pk")
    ).order_by()
    total = until_then.annotate(total=Func(F("units"), function="SUM")).values("total")
    page = list(postings.annotate(balance_units=Subquery(total))[: count + 1])
    movements = tuple(_movements(page[:count], user))
    return HistoryPage(movements=movements, next_id=movements[-1].id if len(page) > count else None)


def whole_history_of(user: User) -> Iterator[Movement]:
    """Yield everything that ever moved on a person's main account, latest first."""
    balance = Window(Sum("units"), partition_by=F("asset"), order_by=F("id").asc())
    return _movements(list(money.main_postings_of(user).annotate(balance_units=balance)), user)


def main_account_of(user: User) -> int | None:
    """Return the id of a person's main account; None for somebody who never had money here."""
    return LedgerAccount.objects.filter(owner=user, kind=LedgerAccount.Kind.MAIN).values_list("pk", flat=True).first()


def sentences_of(postings: Sequence[Posting], user: User) -> list[str]:
    """Return what each line of a person's main account says, in their order."""
    names = _counterparts(postings, user)
    return [_sentence(posting, names.get(posting.journal_id, "")) for posting in postings]


def _value(units: int, asset_id: int, coin: Coin | None, prices: PriceList) -> int:
    if asset_id == prices.cash.pk:
        return units
    return coin.value_units(units) if coin else 0


def _movements(postings: Sequence[Posting], user: User) -> Iterator[Movement]:
    names = _counterparts(postings, user)
    for posting in postings:
        yield Movement(
            id=posting.pk,
            at=posting.journal.posted_at,
            sentence=_sentence(posting, names.get(posting.journal_id, "")),
            symbol=posting.asset.symbol,
            decimals=posting.asset.decimals,
            units=posting.units,
            balance_units=posting.balance_units,  # type: ignore[attr-defined]
        )


def _counterparts(postings: Sequence[Posting], user: User) -> dict[int, str]:
    """Return the name of the lead on the other side of each journal that moved money to or from a copy or lead."""
    with_lead = {*COPY_MOVES, Journal.Kind.LEAD_DEPOSIT, Journal.Kind.LEAD_WITHDRAWAL}
    journal_ids = {posting.journal_id for posting in postings if posting.journal.kind in with_lead}
    others = Posting.objects.filter(
        journal__in=journal_ids,
        ledger_account__owner=user,
        ledger_account__kind__in=[LedgerAccount.Kind.COPY, LedgerAccount.Kind.LEAD],
    ).values_list("journal_id", "ledger_account_id")
    journal_of_account = {account_id: journal_id for journal_id, account_id in others}
    account_ids = list(journal_of_account)
    names = dict(Copy.objects.filter(ledger_account__in=account_ids).values_list("ledger_account_id", "lead__name"))
    names |= dict(Lead.objects.filter(ledger_account__in=account_ids).values_list("ledger_account_id", "name"))
    return {journal_id: names.get(account_id, "") for journal_id, account_id in others}


def _sentence(posting: Posting, lead_name: str) -> str:
    kind = Journal.Kind(posting.journal.kind)
    if kind == Journal.Kind.TRADE:
        said = gettext("You bought {symbol} by hand") if posting.units > 0 else gettext("You sold {symbol} by hand")
        return said.format(symbol=posting.asset.symbol)
    return gettext({**COPY_MOVES, **OTHER_MOVES}[kind]).format(lead=lead_name or gettext("a lead"))
