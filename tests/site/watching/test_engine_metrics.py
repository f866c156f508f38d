"""The engine's figures are read from the rows, and the alert rules and the board name no figure that there is not."""

import json
import re

import pytest
from django.conf import settings
from django.utils import timezone
from prometheus_client import generate_latest
from prometheus_client.parser import text_string_to_metric_families

from accounts.models import User
from copytrading.models import Alarm, Lead
from copytrading.services.running import heartbeats
from copytrading.services.safety import alarms
from smartsync_site.watching.engine_metrics import ENGINE, GAUGES, TIMES
from tests.cast import World

DEPLOY = settings.BASE_DIR / "deploy"


@pytest.mark.django_db
class TestEngineMetrics:
    def figures(self) -> dict[tuple[str, tuple[str, ...]], float]:
        families = text_string_to_metric_families(generate_latest(ENGINE).decode())
        return {(one.name, tuple(one.labels.values())): one.value for family in families for one in family.samples}

    def test_tell_what_is_in_the_rows(self, world: World, lead: Lead, follower: User) -> None:
        world.start(follower, lead)
        heartbeats.beat(kind=heartbeats.Kind.FEED, now=timezone.now())
        alarms.raise_alarm(kind=Alarm.Kind.SURPLUS, key="k", sentence="There is more.", now=world.now)

        found = self.figures()

        assert found["smartsync_copies", ("starting",)] == 1
        assert found["smartsync_alarms", ("surplus",)] == 1
        assert found["smartsync_platform_account", ("dust", "USDT")] == 10_000
        assert found["smartsync_mark_age_seconds", ()] > 0
        assert any(name == "smartsync_heartbeat_seconds" for name, _ in found)

    def test_leave_out_what_there_is_none_of(self) -> None:
        found = {name for name, _ in self.figures()}

        assert "smartsync_order_unknown_seconds" not in found
        assert "smartsync_leads_waiting" in found


def test_alert_rules_and_board_name_figures_that_there_are() -> None:
    known = {name for name, *_ in (*GAUGES, *TIMES)}
    rules = (DEPLOY / "prometheus" / "alerts.yaml").read_text()
    board = json.loads((DEPLOY / "grafana" / "board.json").read_text())
    asked = [target["expr"] for panel in board["panels"] for target in panel["targets"]]

    named = set(re.findall(r"smartsync_\w+", " ".join([rules, *asked])))

    assert named <= known
    assert len(asked) >= 10


def test_the_runbook_has_a_section_for_each_kind_of_alarm() -> None:
    text = (settings.BASE_DIR / "docs" / "runbook.md").read_text()
    sections = dict(re.findall(r"^## ([A-Z_]+)\n(.*?)(?=^## |\Z)", text, flags=re.MULTILINE | re.DOTALL))

    assert set(sections) == set(Alarm.Kind.values)
    for kind, section in sections.items():
        for part in ("**Means.**", "**Followers see.**", "**Do.**", "**Over when.**"):
            assert part in section, f"{kind} does not say {part}"
