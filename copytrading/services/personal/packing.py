"""Packs everything that is kept of a person into one ZIP: a file of JSON for each table, and CSV where it is money."""

import json
from collections.abc import Iterable, Iterator
from datetime import datetime
from decimal import Decimal
from io import TextIOWrapper
from tempfile import SpooledTemporaryFile
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection, transaction

from accounts.csv_lines import csv_lines, harmless
from accounts.models import User
from accounts.transactions import outside_transaction
from copytrading.queries.market.board import cash_asset
from copytrading.queries.personal.parts import PARTS, Part, Row, records_of

IN_MEMORY_BYTES = 8_000_000
WORTH = "copies/worth"
README = """\
Everything that {brand} keeps of {email}, as of {now}.

Each file is one table, by room. JSON has a list of rows; tables of money are there as CSV as well.
Times are UTC. What is called units counts the smallest parts of a coin, as whole numbers; the columns in coins beside
it say the same in coins. Other units are of {cash}, of which {one} units make one.
What is called __ before a name is of the table that the column before it leads to, as asset__symbol.

Not in here, since they open doors: passwords, tokens, keys and secrets, of which only hashes or seals are kept.
Not in here, since they are not yours: whom else an order was for, and who of the operators did something.
"""


@outside_transaction
def packed(*, user: User, now: datetime) -> bytes:
    """Return a ZIP of everything that is kept of a person, all of it as of one moment."""
    with SpooledTemporaryFile(max_size=IN_MEMORY_BYTES) as file:
        with transaction.atomic():
            _see_one_moment()
            user = User.objects.get(pk=user.pk)
            with ZipFile(file, "w", compression=ZIP_DEFLATED) as archive:
                archive.writestr("README.txt", _readme(user, now))
                for part in PARTS:
                    _write_json(archive, part.name, _rows(part, user))
                    if part.quantities:
                        _write_csv(archive, part, _rows(part, user))
                _write_json(archive, WORTH, records_of(user))
        file.seek(0)
        return file.read()


def _see_one_moment() -> None:
    # A test is one transaction already, and sees itself.
    if len(connection.atomic_blocks) == 1:
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")


def _rows(part: Part, user: User) -> Iterator[Row]:
    """Yield the rows of a part, with quantities in coins beside units."""
    shown = [*part.names(), *part.more]
    for row in part.read(user):
        yield {name: row[name] for name in shown} | {
            _in_coins(name): _coins(row[name], row[decimals]) for name, decimals in part.quantities.items()
        }


def _in_coins(name: str) -> str:
    return f"{name.removesuffix('_units')}_in_coins" if name != "units" else "in_coins"


def _coins(units: int | None, decimals: int) -> str | None:
    return None if units is None else f"{Decimal(units).scaleb(-decimals):f}"


def _write_json(archive: ZipFile, name: str, rows: Iterable[Row]) -> None:
    with archive.open(f"{name}.json", "w", force_zip64=True) as raw, TextIOWrapper(raw, "utf-8") as file:
        file.write("[")
        for number, row in enumerate(rows):
            file.write(",\n" if number else "\n")
            file.write(json.dumps(row, cls=DjangoJSONEncoder, ensure_ascii=False))
        file.write("\n]\n")


def _write_csv(archive: ZipFile, part: Part, rows: Iterable[Row]) -> None:
    head = [*part.names(), *part.more, *map(_in_coins, part.quantities)]
    with archive.open(f"{part.name}.csv", "w", force_zip64=True) as raw, TextIOWrapper(raw, "utf-8") as file:
        file.writelines(csv_lines(head, ([_cell(row[name]) for name in head] for row in rows)))


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.isoformat()
    text = str(value)
    # A figure that begins with a minus is no formula.
    return text if text.lstrip("-").replace(".", "", 1).isdigit() else harmless(text)


def _readme(user: User, now: datetime) -> str:
    cash = cash_asset()
    return README.format(
        brand=settings.SMARTSYNC_BRAND.name,
        email=user.email,
        now=f"{now:%Y-%m-%d %H:%M:%S} UTC",
        cash=cash.symbol,
        one=f"{10**cash.decimals:,}",
    )
