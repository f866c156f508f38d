"""manage.py bench: the figures it prints, and that the number of queries does not depend on the number of copies."""

import json
import subprocess
import sys
from io import StringIO

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext, override_settings

from copytrading.models import Allocation, LeadOrder
from copytrading.services.safety import reconciling
from copytrading.worlds.benchmarking import pages, panel
from copytrading.worlds.benchmarking.crowd import CROWD_SETTINGS, Crowd
from tests.cast import NOON

FIGURES = (
    "copies_per_second",
    "times_floor",
    "times_floor_processor",
    "processor_us_per_copy",
    "wal_mb",
    "times_per_follower_loop",
)


def queries_of_a_cycle(*, copies: int) -> int:
    """Return how many statements one lead trade takes with so many copies; nothing is left behind."""
    # Not an atomic block: the venue refuses to be called inside one that is not the test's own.
    before = transaction.savepoint()
    with override_settings(**CROWD_SETTINGS):
        crowd = Crowd(copies=copies, now=NOON)
        crowd.gather()
        crowd.lead_trades("BTC", LeadOrder.Side.BUY, value=20_000)
        shared_before = Allocation.objects.count()
        with CaptureQueriesContext(connection) as queries:
            crowd.sync()
        assert Allocation.objects.count() - shared_before == copies + 1
        assert reconciling.check_ledger().is_clean
    transaction.savepoint_rollback(before)
    return len(queries)


class TestBenchSync:
    def test_takes_the_same_queries_for_ten_copies_and_for_a_thousand(self, db: None) -> None:
        assert queries_of_a_cycle(copies=10) == queries_of_a_cycle(copies=1_000)

    def test_prints_every_promised_figure(self, django_db_blocker: object) -> None:
        printed = StringIO()

        with django_db_blocker.unblock():  # type: ignore[attr-defined]
            call_command("bench", "sync", "--copies=20", "--repeats=1", "--json", stdout=printed, stderr=StringIO())

        figures = json.loads(printed.getvalue())
        assert figures["copies"] == 20
        assert figures["machine"]["processors"] > 0 and figures["machine"]["postgresql"]
        assert figures["queries_per_cycle"] > 0
        assert isinstance(figures["peak_memory_mb"], float)
        assert [name for name in FIGURES if not figures[name] > 0] == []
        assert figures["copies_per_second"] == pytest.approx(20 / figures["seconds"], rel=0.01)

    @pytest.mark.parametrize("copies", ["0", "-1", "100001", "many", "²"])
    def test_refuses_a_number_of_copies_that_no_lead_can_have(self, copies: str) -> None:
        with pytest.raises(CommandError, match="not a whole number from 1 to 100,000"):
            call_command("bench", "sync", f"--copies={copies}")


class TestBenchRest:
    def test_plays_a_minute_and_prints_every_promised_figure(self, django_db_blocker: object) -> None:
        printed = StringIO()

        with django_db_blocker.unblock():  # type: ignore[attr-defined]
            call_command(
                "bench", "rest", "--copies=30", "--leads=3", "--minutes=1", "--json", stdout=printed, stderr=StringIO()
            )

        figures = json.loads(printed.getvalue())
        assert (figures["copies"], figures["leads"], figures["minutes"]) == (30, 3, 1)
        promised = ("core_share", "wal_mb_per_minute", "stop_loss_look_ms", "stop_loss_sieve_ms", "product_ms")
        assert [name for name in promised if not figures[name] > 0] == []
        assert "stop losses" in figures["processor_seconds_of"]


class TestBenchMonth:
    def test_compares_the_first_cycles_with_the_last(self, django_db_blocker: object) -> None:
        printed = StringIO()

        with django_db_blocker.unblock():  # type: ignore[attr-defined]
            call_command("bench", "month", "--copies=5", "--cycles=20", "--json", stdout=printed, stderr=StringIO())

        figures = json.loads(printed.getvalue())
        assert (figures["copies"], figures["cycles"], figures["ledger_is_clean"]) == (5, 20, True)
        # Each cycle trades for the lead and five copies, two lines each and two of the venue.
        assert figures["postings"] >= 20 * 14
        first, last = figures["queries_per_cycle"]
        assert first == last
        assert figures["growth"] == pytest.approx(figures["last_ms"] / figures["first_ms"], rel=0.05)
        assert set(figures["bloat_of"]) >= {"accounts_balance", "copytrading_copy"}


class TestBenchPanel:
    def test_looks_at_the_morning_page_and_searches_for_everything(
        self, django_db_blocker: object, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        printed = StringIO()
        for name, number in (("LOOKS", 2), ("LEADS", 3), ("OPEN_ORDERS", 12)):
            monkeypatch.setattr(panel, name, number)

        with django_db_blocker.unblock():  # type: ignore[attr-defined]
            call_command("bench", "panel", "--orders=300", "--alarms=20", "--json", stdout=printed, stderr=StringIO())

        figures = json.loads(printed.getvalue())
        assert (figures["orders"], figures["alarms"], figures["copies"]) == (312, 20, 300)
        assert figures["morning_p95_ms"] > 0 and figures["search_p95_ms"] > 0
        assert {"morning page", "morning page, refreshed", "an order", "nothing"} <= set(figures["looks"])
        assert figures["machine"]["postgresql"]

    @pytest.mark.parametrize("orders", ["0", "-1", "x", "²", "1" * 5_000])
    def test_refuses_a_number_of_orders_that_nobody_writes(self, orders: str) -> None:
        with pytest.raises(CommandError, match="not a whole number from 1 to 100,000,000"):
            call_command("bench", "panel", f"--orders={orders}")


class TestBenchRestore:
    def test_gives_a_platform_up_and_brings_it_back(
        self, django_db_blocker: object, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        printed = StringIO()
        for name, number in (("LEADS", 3), ("OPEN_ORDERS", 12)):
            monkeypatch.setattr(panel, name, number)

        with django_db_blocker.unblock():  # type: ignore[attr-defined]
            call_command("bench", "restore", "--orders=300", "--json", stdout=printed, stderr=StringIO())

        figures = json.loads(printed.getvalue())
        assert figures["orders"] == 300
        assert figures["rto_seconds"] >= figures["restore_seconds"] > 0
        assert figures["rpo_seconds_least"] == figures["backup_seconds"] > 0
        assert figures["database_mb"] > figures["backup_mb"] > 0


class TestBenchPages:
    def test_looks_at_every_page_and_prints_what_it_costs(
        self, django_db_blocker: object, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        printed = StringIO()
        monkeypatch.setattr(pages, "LOOKS", 4)

        with django_db_blocker.unblock():  # type: ignore[attr-defined]
            call_command(
                "bench", "pages", "--leads=4", "--allocations=500", "--json", stdout=printed, stderr=StringIO()
            )

        figures = json.loads(printed.getvalue())
        assert figures["allocations"] >= 500
        assert figures["postings"] >= 2 * figures["allocations"]
        assert figures["ledger_is_clean"]
        assert {"discover", "lead", "my copies", "copy", "api copies"} <= set(figures["pages"])
        assert all(page["p95_ms"] >= page["p50_ms"] > 0 and page["queries"] > 0 for page in figures["pages"].values())


class TestBenchScale:
    def test_lets_every_lead_be_followed_by_however_many_workers(self, django_db_blocker: object) -> None:
        printed = StringIO()

        with django_db_blocker.unblock():  # type: ignore[attr-defined]
            call_command(
                "bench", "scale", "--leads=4", "--copies=8", "--latency=5", "--json", stdout=printed, stderr=StringIO()
            )

        figures = json.loads(printed.getvalue())
        assert (figures["leads"], figures["copies"], figures["latency_ms"]) == (4, 8, 5)
        assert set(figures["leads_per_second"]) == {"1", "2", "4"}
        assert figures["lookings_per_lead"]["1"] == 1
        assert figures["two_workers_times_one"] > 0 and figures["one_market_times_ten"] > 0
        assert figures["ledger_is_clean"]


class TestBenchStreams:
    def test_opens_pages_and_says_how_soon_all_have_heard(self) -> None:
        # A program of its own, as people start it: nothing that other tests left in this process carries its bells.
        command = [sys.executable, "manage.py", "bench", "streams", "--streams=5", "--repeats=1", "--json"]
        ran = subprocess.run(command, cwd=settings.BASE_DIR, capture_output=True, text=True, check=False)

        assert ran.returncode == 0, ran.stderr
        figures = json.loads(ran.stdout)
        assert (figures["streams"], figures["connections_held"]) == (5, 0)
        assert figures["order_last_ms"] >= figures["order_half_ms"] > 0
        assert figures["price_last_ms"] >= figures["price_half_ms"] > 0
        assert figures["kilobytes_a_stream"] > 0
