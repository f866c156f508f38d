"""The tracking gap on a copy's page."""

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from copytrading.models import Copy, CopyGap, CopyGapRecord, Lead
from copytrading.queries.copies import gap_pages
from copytrading.queries.copies.gaps import PART_COLUMNS
from copytrading.queries.rules import platform_rules
from copytrading.services.books import gaps
from copytrading.services.copies import verbs as copies
from tests.cast import World, usdt
from tests.views.scenes import copy_with_holdings, settle_now


@pytest.fixture
def copy(world: World, lead: Lead, follower: User) -> Copy:
    copy = copy_with_holdings(world, lead, follower)
    gaps.measure_gaps(lead_id=lead.pk, now=world.now, rules=platform_rules())
    return copy


def page(client: Client, copy: Copy, name: str = "copy_detail") -> str:
    client.force_login(copy.follower)
    return client.get(reverse(name, args=[copy.pk])).content.decode()


class TestGap:
    def test_says_part_by_part_why_it_is_not_the_leads_return(self, client: Client, copy: Copy) -> None:
        gap = CopyGap.objects.get(copy=copy)

        content = page(client, copy)

        assert "Why not exactly the lead’s" in content
        rows = set(re.findall(r"<span>([^<]+)</span><strong>[+−]\d", content))
        folded = re.search(r"No difference came from: ([^<]+)<", content)
        assert folded
        labels = set(gap_pages.LABELS.values())
        assert labels == (rows & labels) | set(folded[1].split(", "))
        assert not (rows & set(folded[1].split(", ")))
        fees = f"−{-gap.fees_units / usdt(1000) * 100:.2f}"
        assert f"<span>Fees</span><strong>{fees}</strong>" in content

    def test_sums_as_it_stands_there(self, client: Client, copy: Copy) -> None:
        # Seven parts that are all rounded the same way, and two returns that are rounded apart.
        gap = CopyGap.objects.get(copy=copy)
        gap.invested_units, gap.ideal_units = usdt(1000), usdt("1000.66")
        parts = dict.fromkeys(PART_COLUMNS, usdt("-0.044"))
        gap.equity_units = gap.ideal_units + sum(parts.values())
        for column, units in parts.items():
            setattr(gap, column, units)
        gap.save()
        Copy.objects.filter(pk=copy.pk).update(status=Copy.Status.STOPPED)

        content = page(client, copy)

        shown = re.findall(r"<span>([^<]+)</span><strong>([+−]?\d+\.\d\d)</strong>", content)
        labels = set(gap_pages.LABELS.values())
        hundredths = [int(points.replace("−", "-").replace(".", "")) for label, points in shown if label in labels]
        # What is shown as nothing is told in one line.
        folded = re.search(r"No difference came from: ([^<]+)<", content)
        assert folded and len(hundredths) + len(folded[1].split(", ")) == len(labels)
        assert "the lead’s +0.07\u202f%" in content or "the lead’s +0.07" in content
        assert "<strong>Together, in points</strong><strong>−0.03</strong>" in content
        assert sum(hundredths) == -3

    def test_moves_with_the_page(self, client: Client, copy: Copy) -> None:
        content = page(client, copy, "copy_live")

        assert '<div id="copy-gap" hx-swap-oob="innerHTML">' in content
        assert "What each line means" not in content

    def test_shows_how_the_weeks_began(self, client: Client, copy: Copy) -> None:
        today = timezone.now().date()
        monday = today - timedelta(days=today.weekday() + 7)
        CopyGapRecord.objects.create(
            copy=copy, recorded_on=monday, invested_units=usdt(1000), equity_units=usdt(1012), ideal_units=usdt(1015),
            timing_units=-usdt(3),
        )  # fmt: skip

        content = page(client, copy)

        assert f"{monday.day} {monday:%b %Y}" in content
        assert "−0.30" in content

    def test_stays_when_the_copy_has_stopped(self, client: Client, copy: Copy, world: World) -> None:
        copies.stop_copy(copy_id=copy.pk, now=world.now)
        settle_now(world)

        content = page(client, copy)

        assert "This copy ended on" in content
        assert "Together, in points" in content

    def test_is_left_out_before_the_first_look(self, client: Client, copy: Copy) -> None:
        CopyGap.objects.all().delete()

        assert "Why not exactly the lead’s" not in page(client, copy)
