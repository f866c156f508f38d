"""What must hold of the losses at which all copies of a person stop together, after every step and in the end."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal

from copytrading.queries.rules import platform_rules
from copytrading.worlds.simulating.rules.snapshot import Row, Snapshot

RUNNING = ("STARTING", "ACTIVE", "PAUSED")
# Shares of the profit are rounded to the unit, copy by copy.
ROUNDED_UNITS = 3
# Two processes' clocks may be that far apart, see `story.CLOCK_STEP_SECONDS`.
CLOCKS_APART = timedelta(seconds=2)


@dataclass(kw_only=True)
class LossMemory:
    """Since when each person's loss has been seen at the limit: by user, the oldest mark of the first such step."""

    reached_since: dict[int, datetime] = field(default_factory=dict)

    def look(self, before: Snapshot, now: Snapshot) -> Iterator[str]:
        """Yield what fired without a loss that stands: reached before, and at prices that are some seconds younger."""
        known = {row["id"] for row in before["fired_limits"]}
        confirm = timedelta(seconds=platform_rules().stop_loss_confirm_seconds)
        for fired in now["fired_limits"]:
            if fired["id"] in known:
                continue
            user_id = fired["user_id"]
            if fired["units"] < fired["value_units"]:
                lost, limit_units = fired["units"], fired["value_units"]
                yield f"The limit of person {user_id} fired at a loss of {lost}, it was {limit_units}."
            since = self.reached_since.get(user_id)
            if since is None:
                yield f"The limit of person {user_id} fired, and the loss had never been as large."
            elif _newest_mark(now) - since < confirm:
                yield f"The limit of person {user_id} fired at a loss that had been there since {since} only."
        for limit in now["loss_limits"]:
            limit_units, lost = loss_of(now, limit)
            if lost >= limit_units:
                self.reached_since.setdefault(limit["user_id"], _oldest_mark(now))


def total_loss_has_a_limit(now: Snapshot) -> Iterator[str]:
    """Only who had a limit that fired has copies that stopped by it."""
    fired = {row["user_id"] for row in now["fired_limits"]}
    for copy in now["copies"]:
        if copy["stop_reason"] == "TOTAL_LOSS" and copy["follower_id"] not in fired:
            yield f"Copy {copy['id']} stopped by a loss limit, and none of person {copy['follower_id']} fired."


def fired_and_not_stopped(now: Snapshot) -> Iterator[str]:
    """Yield the copies that run on though the limit over all of them fired, with nothing failing any more."""
    for limit in now["loss_limits"]:
        if limit["fired"]:
            yield f"The loss limit of person {limit['user_id']} has fired and is not used up."
    for fired in now["fired_limits"]:
        at = datetime.fromisoformat(fired["noted_at"]) - CLOCKS_APART
        for copy in now["copies"]:
            is_theirs = copy["follower_id"] == fired["user_id"] and copy["status"] in RUNNING
            if is_theirs and datetime.fromisoformat(copy["started_at"]) < at:
                yield f"Copy {copy['id']} runs on, though the limit of person {fired['user_id']} fired."


def reached_and_not_fired(now: Snapshot) -> Iterator[str]:
    """Yield the limits whose loss is there, with nothing failing any more: the looks to come let them fire."""
    for limit in now["loss_limits"]:
        limit_units, lost = loss_of(now, limit)
        if not limit["fired"] and limit_units and lost - ROUNDED_UNITS >= limit_units:
            yield f"Person {limit['user_id']} has lost {lost} units, the limit is {limit_units}."


def loss_of(now: Snapshot, limit: Row) -> tuple[int, int]:
    """Return a limit, and what the person's running copies have lost by the present marks, both in quote units."""
    prices = {
        market["base_id"]: Decimal(mark["price"])
        for mark in now["marks"]
        if (market := now.get("markets", mark["market_id"])) is not None
    }
    cash_ids = {market["quote_id"] for market in now["markets"]}
    invested = stays = 0
    for copy in now["copies"]:
        if copy["follower_id"] != limit["user_id"] or copy["status"] not in RUNNING:
            continue
        worth = sum(
            balance["posted"]
            if balance["asset_id"] in cash_ids
            else int(balance["posted"] * prices[balance["asset_id"]])
            for balance in now["balances"]
            if balance["ledger_account_id"] == copy["ledger_account_id"]
        )
        profit = max(worth - copy["mark_value_units"], 0)
        leaving = -sum(
            flow["units"]
            for flow in now["copy_flows"]
            if flow["copy_id"] == copy["id"] and flow["status"] == "REQUESTED"
        )
        invested += copy["invested_units"]
        stays += worth - int(profit * Decimal(copy["profit_share_rate"])) - leaving
    limit_units = limit["loss_units"]
    if limit_units is None:
        limit_units = int(invested * Decimal(limit["loss_fraction"]))
    return (limit_units, invested - stays) if invested else (0, -1)


def _newest_mark(seen: Snapshot) -> datetime:
    return max(datetime.fromisoformat(mark["as_of"]) for mark in seen["marks"])


def _oldest_mark(seen: Snapshot) -> datetime:
    return min(datetime.fromisoformat(mark["as_of"]) for mark in seen["marks"])
