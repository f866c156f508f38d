"""Every rule as operators read it: what it is now, in which unit and bounds, since when, and who said so."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from math import inf
from typing import Any

from accounts.models import User
from copytrading.engine.rules import ALONE, BOUNDS, changeable, unit_of
from copytrading.models import RuleChange
from copytrading.queries.rules import cash_symbol, installed_rules, platform_rules


@dataclass(frozen=True, kw_only=True)
class RuleLine:
    """One rule. Without a change that holds it is as the installation says, and nobody here said so."""

    name: str
    meaning: str
    value: str
    installed: str
    unit: str
    least: str
    most: str
    takes_two: bool
    since: datetime | None
    asked_by: User | None
    approved_by: User | None

    @property
    def is_changed(self) -> bool:
        return self.since is not None


def names() -> list[str]:
    """Return the names of the rules that can be changed."""
    return changeable()


def rule_lines() -> list[RuleLine]:
    """Return all rules that can be changed, in the order of their noun: following, leading, risk. Two statements."""
    holding, installed = platform_rules(), installed_rules()
    last = RuleChange.objects.filter(holds_from__isnull=False).order_by("name", "-pk").distinct("name")
    changes = {change.name: change for change in last.select_related("requested_by", "approved_by") if change.value}
    return [_line(name, holding, installed, changes.get(name)) for name in changeable()]


def _line(name: str, holding: Any, installed: Any, change: RuleChange | None) -> RuleLine:
    bounds = BOUNDS[name]
    unit = unit_of(name)
    return RuleLine(
        name=name,
        meaning=bounds.meaning,
        value=_number(getattr(holding, name)),
        installed=_number(getattr(installed, name)),
        unit=cash_symbol() if unit == "cash" else unit,
        least=_number(bounds.least),
        most="" if bounds.most == inf else _number(bounds.most),
        takes_two=name not in ALONE,
        since=change.holds_from if change else None,
        asked_by=change.requested_by if change else None,
        approved_by=change.approved_by if change else None,
    )


def _number(value: float | Decimal) -> str:
    return "no bound" if value == inf else f"{Decimal(str(value)).normalize():,f}"
