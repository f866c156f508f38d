"""The paper of a statement: many pages, each numbered, in whatever words a lead is called."""

import re
import subprocess
import sys
from dataclasses import replace
from datetime import timedelta
from io import BytesIO

import pytest
from django.conf import settings
from pypdf import PdfReader

from accounts.models import User
from copytrading.engine.track_record.tax_lots import LotMethod
from copytrading.models import Copy, Lead
from copytrading.queries.money.statement_lines import Statement
from copytrading.queries.money.statements import statement_of
from copytrading.services.wallet import statement_pdf
from tests.cast import NOON, World
from tests.views.scenes import copy_with_holdings

TRADES = 500


@pytest.fixture
def statement(world: World, lead: Lead, follower: User) -> Statement:
    copy: Copy = copy_with_holdings(world, lead, follower)
    return statement_of(
        user=follower, copy=copy, begins_at=NOON, ends_at=world.now + timedelta(hours=1), method=LotMethod.FIFO
    )


def pages_of(statement: Statement) -> list[str]:
    drawn = statement_pdf.draw_statement(statement, owner="follower@example.org", made_at=NOON)
    return [page.extract_text() for page in PdfReader(BytesIO(drawn)).pages]


class TestDrawStatement:
    def test_has_every_trade_on_numbered_pages_with_the_head_of_the_table_on_each(self, statement: Statement) -> None:
        (trade,) = statement.trades
        many = [replace(trade, order_id=10_000 + number) for number in range(TRADES)]

        pages = pages_of(replace(statement, trades=tuple(many)))

        assert len(pages) > 10
        for number, text in enumerate(pages, start=1):
            assert f"Page {number} of {len(pages)}" in text
        found = re.findall(r"\b(1\d{4}) / ", "\n".join(pages))
        assert sorted(found) == [str(10_000 + number) for number in range(TRADES)]
        with_trades = [text for text in pages if re.search(r"\b1\d{4} / ", text)]
        assert all("Order / cycle" in text for text in with_trades)

    def test_cuts_what_is_too_long_and_draws_what_it_has_no_letters_for(self, statement: Statement) -> None:
        name = "Ж" * 40 + "\u202e<b>" + "W" * 200

        pages = pages_of(replace(statement, name=name, flows=(replace(statement.flows[0], place=name),)))

        assert "…" in pages[0]

    def test_is_imported_by_nobody_who_only_serves_pages(self) -> None:
        asked = "import smartsync_site.asgi, smartsync_site.celery, copytrading.urls, copytrading.tasks, sys;"
        asked += "print([name for name in sys.modules if name.startswith(('reportlab', 'PIL'))])"

        printed = subprocess.run(
            [sys.executable, "-c", asked], cwd=settings.BASE_DIR, capture_output=True, text=True, check=True
        ).stdout

        assert printed.splitlines()[-1] == "[]"
