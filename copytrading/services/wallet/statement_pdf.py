"""
A statement on paper: A4 across, in our type, figures to the right, each page numbered, and text that can be searched.

The heading is cut to cents and sums as it is shown; the tables below have every unit.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from functools import cache
from importlib import import_module
from io import BytesIO
from typing import Any

from django.conf import settings
from django.utils.translation import gettext, gettext_noop

from accounts.identity.places import written
from copytrading.engine.track_record.tax_lots import LotMethod
from copytrading.queries.money.statement_lines import Stand, Statement
from copytrading.services.wallet.statement_plain import average_text, exact, price_text

WIDTH, HEIGHT, MARGIN, FOOT = 841.89, 595.28, 40.0, 46.0
INK, QUIET, LINE = "#14181b", "#5b6369", "#e5e1d8"
REGULAR, SEMIBOLD = "RibbonSans", "RibbonSans-Semibold"
LEADING, SMALL, NORMAL = 12.5, 7.5, 9.0
MINUS, NOTHING = "\u2212", "\u2013"

METHOD_WORDS = {
    LotMethod.FIFO: gettext_noop("the oldest first (FIFO)"),
    LotMethod.HIFO: gettext_noop("the dearest first (HIFO)"),
    LotMethod.AVERAGE: gettext_noop("at average cost"),
}
NOTHING_MOVED = gettext_noop("Nothing moved in this time: no money, no trade, no profit share.")
# (heading, where the column ends as a share of the line, whether it is figures)
Column = tuple[str, float, bool]


def draw_statement(statement: Statement, *, owner: str, made_at: datetime) -> bytes:
    """
    Return a statement as a PDF.

    :param owner: whose it is, as the first line says.
    """
    paper = _Paper(
        gettext("%(name)s, %(first)s to %(last)s")
        % {"name": statement.name, "first": _day(statement.begins_at), "last": _day(statement.ends_at)}
    )
    _head(paper, statement, owner, made_at)
    _heading(paper, statement)
    _stands(paper, statement)
    _moves(paper, statement)
    _trades(paper, statement)
    _tax_lots(paper, statement)
    return paper.finish()


@cache
def _library() -> Any:
    """Return the library, with our type; it costs a tenth of a second and is wanted by few processes."""
    fonts = import_module("reportlab.pdfbase.ttfonts")
    metrics = import_module("reportlab.pdfbase.pdfmetrics")
    for name, file in ((REGULAR, "ribbon-sans-regular.ttf"), (SEMIBOLD, "ribbon-sans-semibold.ttf")):
        metrics.registerFont(fonts.TTFont(name, str(settings.BASE_DIR / "static" / "fonts" / file)))
    return import_module("reportlab.pdfgen.canvas")


@cache
def _colour(text: str) -> Any:
    """Return a colour of the look; to read it anew for each cell would be a third of the work."""
    return import_module("reportlab.lib.colors").HexColor(text)


class _Paper:
    """Pages that fill from the top, each with its foot once it is known how many there are."""

    def __init__(self, title: str) -> None:
        self._title = title
        self._file = BytesIO()
        self._canvas = _library().Canvas(self._file, pagesize=(WIDTH, HEIGHT))
        self._canvas.setTitle(title)
        self._pages: list[dict[str, Any]] = []
        self._y = HEIGHT - MARGIN

    def gap(self, height: float = LEADING) -> None:
        self._y -= height

    def line(self, text: str, *, size: float = NORMAL, bold: bool = False, colour: str = INK) -> None:
        """Write one line; what is too long for it is cut."""
        self._room(size * 1.4)
        self._y -= size * 1.4
        self._write(MARGIN, text, size=size, bold=bold, colour=colour, width=WIDTH - 2 * MARGIN)

    def table(self, title: str, columns: Sequence[Column], rows: Iterable[Sequence[str]]) -> None:
        """Write a table, its head again on each page; nothing where it has no rows."""
        rows = list(rows)
        if not rows:
            return
        self._room(LEADING * 5)
        self.gap()
        self.line(title, size=11, bold=True)
        self.gap(3)
        self._table_head(columns)
        for row in rows:
            if self._y - LEADING < FOOT:
                self._turn()
                self._table_head(columns)
            self._y -= LEADING
            self._row(columns, row, colour=INK)

    def finish(self) -> bytes:
        """Return the whole file."""
        self._pages.append(dict(self._canvas.__dict__))
        for number, page in enumerate(self._pages, start=1):
            self._canvas.__dict__.update(page)
            self._y = MARGIN - 12
            self._write(MARGIN, self._title, size=SMALL, colour=QUIET, width=WIDTH - 2 * MARGIN - 90)
            self._write_to(
                WIDTH - MARGIN,
                gettext("Page %(number)s of %(pages)s") % {"number": number, "pages": len(self._pages)},
                size=SMALL,
                colour=QUIET,
            )
            self._canvas.showPage()
        self._canvas.save()
        return self._file.getvalue()

    def _room(self, height: float) -> None:
        if self._y - height < FOOT:
            self._turn()

    def _turn(self) -> None:
        self._pages.append(dict(self._canvas.__dict__))
        self._canvas._startPage()
        self._y = HEIGHT - MARGIN

    def _table_head(self, columns: Sequence[Column]) -> None:
        self._y -= LEADING
        self._row(columns, [heading for heading, _, _ in columns], colour=QUIET)
        self._canvas.setStrokeColor(_colour(LINE))
        self._canvas.line(MARGIN, self._y - 3.5, WIDTH - MARGIN, self._y - 3.5)
        self._y -= 2

    def _row(self, columns: Sequence[Column], cells: Sequence[str], *, colour: str) -> None:
        inner, begins = WIDTH - 2 * MARGIN, 0.0
        for (_, ends, is_figure), cell in zip(columns, cells, strict=True):
            if is_figure:
                self._write_to(MARGIN + inner * ends, cell, size=SMALL, colour=colour)
            else:
                self._write(MARGIN + inner * begins, cell, size=SMALL, colour=colour, width=inner * (ends - begins) - 6)
            begins = ends

    def _write(self, x: float, text: str, *, size: float, width: float, bold: bool = False, colour: str = INK) -> None:
        font = SEMIBOLD if bold else REGULAR
        self._canvas.setFont(font, size)
        self._canvas.setFillColor(_colour(colour))
        while text and self._canvas.stringWidth(text, font, size) > width:
            text = f"{text[:-2]}…" if len(text) > 2 else ""
        self._canvas.drawString(x, self._y, text)

    def _write_to(self, x: float, text: str, *, size: float, colour: str = INK) -> None:
        self._canvas.setFont(REGULAR, size)
        self._canvas.setFillColor(_colour(colour))
        self._canvas.drawRightString(x, self._y, text)


def _head(paper: _Paper, statement: Statement, owner: str, made_at: datetime) -> None:
    brand = settings.SMARTSYNC_BRAND
    paper.line(brand.name, bold=True, colour=brand.light.accent, size=10)
    paper.line(gettext("Statement"), bold=True, size=20)
    paper.line(statement.name, size=12, bold=True)
    paper.line(gettext("For %(person)s") % {"person": owner}, size=11)
    times = {"begins": _moment(statement.begins_at), "ends": _moment(statement.ends_at)}
    paper.line(gettext("From %(begins)s until before %(ends)s, UTC") % times, size=11)
    paper.line(
        gettext(
            "Made on %(when)s. All money in %(cash)s. Values are before the profit share that was due then, at the last"
            " price that was recorded."
        )
        % {"when": _moment(made_at), "cash": statement.cash_symbol},
        colour=QUIET,
    )
    if not statement.has_movements:
        paper.gap()
        paper.line(gettext(NOTHING_MOVED), bold=True)


def _heading(paper: _Paper, statement: Statement) -> None:
    shown = statement.in_cents
    cents = _money_of(statement, cents=True)
    columns = (("", 0.4, False), (statement.cash_symbol, 0.62, True), ("", 1.0, False))
    result = _percent(statement.result_fraction)
    paper.table(
        gettext("In all"),
        columns,
        [
            (gettext("Value on %(when)s") % {"when": _moment(statement.begins_at)}, cents(shown.opening_units), ""),
            (gettext("Came in less what went out"), cents(shown.flow_units), ""),
            (
                gettext("Result"),
                cents(shown.result_units),
                "   " + gettext("%(share)s of what was at work") % {"share": result} if result else "",
            ),
            (gettext("Value on %(when)s") % {"when": _moment(statement.ends_at)}, cents(shown.closing_units), ""),
        ],
    )
    paper.table(
        gettext("What the result is made of"),
        columns,
        [
            (
                gettext("%(coin)s: what its price made") % {"coin": part.name} if part.symbol else part.name,
                cents(units),
                "",
            )
            for part, units in shown.parts
        ],
    )
    costs = statement.costs
    rows = [
        (gettext("Fees"), cents(shown.fee_units), _of(costs.fee_fraction, gettext("%(share)s of what was traded"))),
        (
            gettext("Spread beside the mid"),
            cents(shown.spread_units),
            _of(costs.spread_fraction, gettext("%(share)s of what was traded")),
        ),
        (gettext("Profit share paid"), cents(shown.share_units), ""),
        (
            gettext("All costs"),
            cents(shown.all_costs_units),
            _of(costs.total_fraction, gettext("%(share)s of what was at work")),
        ),
    ]
    if statement.has_movements:
        paper.table(gettext("What it cost"), columns, rows)
    if statement.benchmark_fraction is not None:
        paper.gap(4)
        paper.line(
            gettext("Bitcoin made %(share)s in the same time.") % {"share": _percent(statement.benchmark_fraction)}
        )
    paper.table(
        gettext("Gains by year, %(method)s") % {"method": gettext(METHOD_WORDS[statement.method])},
        (
            (gettext("Year"), 0.25, False),
            (gettext("Proceeds"), 0.5, True),
            (gettext("Cost"), 0.75, True),
            (gettext("Gain"), 1.0, True),
        ),
        [
            (str(year.year), cents(year.proceeds_units), cents(year.cost_units), cents(year.gain_units))
            for year in statement.years
        ],
    )


def _stands(paper: _Paper, statement: Statement) -> None:
    for title, stand in (
        (gettext("What there was at the beginning"), statement.opening),
        (gettext("What there was at the end"), statement.closing),
    ):
        paper.table(
            title,
            (
                (gettext("Asset"), 0.15, False),
                (gettext("Quantity"), 0.4, True),
                (gettext("Price"), 0.58, True),
                (gettext("Recorded"), 0.8, True),
                (statement.cash_symbol, 1.0, True),
            ),
            _holdings(stand, _money_of(statement)),
        )


def _holdings(stand: Stand, money: Callable[[int], str]) -> Iterable[Sequence[str]]:
    for holding in stand.holdings:
        if holding.units:
            yield (
                holding.symbol,
                _grouped(exact(holding.units, holding.decimals)),
                "" if holding.is_cash else _price(holding.price) if holding.price else gettext("no price known"),
                _moment(holding.priced_at) if holding.priced_at else "",
                money(holding.value_units),
            )


def _moves(paper: _Paper, statement: Statement) -> None:
    money = _money_of(statement)
    columns = (
        (gettext("Time, UTC"), 0.16, False),
        (gettext("What"), 0.5, False),
        (gettext("Asset"), 0.58, False),
        (gettext("Quantity"), 0.8, True),
        (statement.cash_symbol, 1.0, True),
    )
    paper.table(
        gettext("Money that came and went"),
        columns,
        [
            (
                _moment(flow.at),
                f"{flow.sentence}, {flow.place}",
                flow.symbol,
                _grouped(exact(flow.units, flow.decimals)),
                money(flow.value_units),
            )
            for flow in statement.flows
        ],
    )
    paper.table(
        gettext("Profit shares"),
        ((gettext("Time, UTC"), 0.16, False), (gettext("What"), 0.8, False), (statement.cash_symbol, 1.0, True)),
        [(_moment(share.at), f"{share.sentence}, {share.place}", money(share.units)) for share in statement.shares],
    )
    paper.table(
        gettext("What else moved"),
        columns,
        [
            (
                _moment(other.at),
                ", ".join(part for part in (other.sentence, other.place) if part),
                other.symbol,
                _grouped(exact(other.units, other.decimals)),
                money(other.value_units),
            )
            for other in statement.others
        ],
    )


def _trades(paper: _Paper, statement: Statement) -> None:
    money = _money_of(statement)
    rows = []
    for trade in statement.trades:
        fees = [
            f"{_grouped(exact(units, decimals))} {symbol}"
            for units, decimals, symbol in (
                (trade.fee_units, statement.cash_decimals, statement.cash_symbol),
                (trade.fee_base_units, trade.decimals, trade.symbol),
            )
            if units
        ]
        rows.append(
            (
                _moment(trade.at),
                trade.place,
                (gettext("Buy %(coin)s") if trade.units > 0 else gettext("Sell %(coin)s")) % {"coin": trade.symbol},
                _grouped(exact(abs(trade.units), trade.decimals)),
                _grouped(average_text(trade.price)),
                _price(trade.price_mid) if trade.price_mid is not None else NOTHING,
                money(trade.value_units),
                " + ".join(fees) or NOTHING,
                f"{trade.order_id or NOTHING} / {trade.cycle_id or NOTHING}",
            )
        )
    paper.table(
        gettext("Every trade"),
        (
            (gettext("Time, UTC"), 0.13, False),
            (gettext("Of"), 0.22, False),
            (gettext("What"), 0.3, False),
            (gettext("Quantity"), 0.42, True),
            (gettext("Price"), 0.51, True),
            (gettext("Mid"), 0.6, True),
            (gettext("Value"), 0.72, True),
            (gettext("Fee"), 0.86, True),
            (gettext("Order / cycle"), 1.0, True),
        ),
        rows,
    )


def _tax_lots(paper: _Paper, statement: Statement) -> None:
    money = _money_of(statement)
    paper.table(
        gettext("Lots that left, %(method)s") % {"method": gettext(METHOD_WORDS[statement.method])},
        (
            (gettext("Coin"), 0.08, False),
            (gettext("Bought, UTC"), 0.24, False),
            (gettext("Sold, UTC"), 0.4, False),
            (gettext("Quantity"), 0.55, True),
            (gettext("Proceeds"), 0.7, True),
            (gettext("Cost"), 0.85, True),
            (gettext("Gain"), 1.0, True),
        ),
        [
            (
                one.coin,
                _moment(one.acquired_at) if one.acquired_at else NOTHING,
                _moment(one.disposed_at),
                _grouped(exact(one.units, statement.decimals_of[one.coin])),
                money(one.proceeds_units) if one.proceeds_units is not None else gettext("handed over"),
                money(one.cost_units),
                money(one.gain_units) if one.proceeds_units is not None else NOTHING,
            )
            for one in statement.disposals
        ],
    )
    paper.table(
        gettext("Lots that are left"),
        (
            (gettext("Coin"), 0.08, False),
            (gettext("Bought, UTC"), 0.4, False),
            (gettext("Quantity"), 0.7, True),
            (gettext("Cost"), 1.0, True),
        ),
        [
            (
                lot.coin,
                _moment(lot.acquired_at),
                _grouped(exact(lot.units, statement.decimals_of[lot.coin])),
                money(lot.cost_units),
            )
            for lot in statement.lots
        ],
    )


def _money_of(statement: Statement, *, cents: bool = False) -> Callable[[int], str]:
    """Return what writes quote units: exactly, or in cents."""
    cent = 10 ** (statement.cash_decimals - 2)

    def written(units: int) -> str:
        # Toward nothing, as pages do; what has to sum is in whole cents already.
        shown = abs(units) // cent * cent * (1 if units > 0 else -1) if cents else units
        return _grouped(exact(shown, statement.cash_decimals, places_min=2))

    return written


def _grouped(text: str) -> str:
    """Return a decimal string with thousands apart and a true minus sign."""
    whole, point, fraction = text.removeprefix("-").partition(".")
    return written(f"{MINUS if text.startswith('-') else ''}{int(whole):,}{point}{fraction}")


def _price(price: Decimal) -> str:
    return _grouped(price_text(price) or "0")


def _percent(fraction: float | None) -> str:
    return "" if fraction is None else written(f"{fraction * 100:+.2f} %").replace("-", MINUS)


def _of(fraction: float | None, words: str) -> str:
    if fraction is None:
        return ""
    return "   " + words % {"share": written(f"{fraction * 100:.2f} %").replace("-", MINUS)}


def _moment(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S}"


def _day(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d}"
