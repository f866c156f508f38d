"""
The engine's own figures for a collector, read from the rows at the moment they are asked for.

Rows are what all processes share, so it does not matter which web unit is asked, nor how many workers there are. Times
are quantiles over the last five minutes, in seconds; a figure without anything behind it is left out.
"""

from collections.abc import Iterator

from django.db import connection
from django.utils import timezone
from prometheus_client import CollectorRegistry
from prometheus_client.core import GaugeMetricFamily, Metric

WINDOW = "interval '5 minutes'"
QUANTILES = (0.5, 0.95, 0.99)

# name, what it says, labels, and the statement: its last column is the value.
GAUGES: tuple[tuple[str, str, tuple[str, ...], str], ...] = (
    (
        "smartsync_orders", "Orders that are not over, by state.", ("state",),
        "SELECT lower(status), count(*) FROM copytrading_order WHERE booked_at IS NULL GROUP BY 1",
    ),
    (
        "smartsync_order_unknown_seconds", "Age of the oldest order whose outcome is unknown.", (),
        "SELECT extract(epoch FROM %(now)s - min(claimed_at)) FROM copytrading_order"
        " WHERE status = 'UNKNOWN' AND booked_at IS NULL",
    ),
    (
        "smartsync_cycle_open_seconds", "Age of the oldest cycle that is not done.", (),
        "SELECT extract(epoch FROM %(now)s - min(opened_at)) FROM copytrading_synccycle WHERE status <> 'DONE'",
    ),
    (
        "smartsync_leads_waiting", "Leads whose copies wait for a cycle.", (),
        "SELECT count(*) FROM copytrading_lead WHERE sync_wanted_at IS NOT NULL",
    ),
    (
        "smartsync_lead_waiting_seconds", "How long the first of them has waited.", (),
        "SELECT extract(epoch FROM %(now)s - min(sync_wanted_at)) FROM copytrading_lead",
    ),
    (
        "smartsync_mark_age_seconds", "Age of the oldest mark of a market that trades.", (),
        "SELECT extract(epoch FROM %(now)s - min(mark.as_of)) FROM copytrading_mark AS mark"
        " JOIN copytrading_market AS market ON market.id = mark.market_id WHERE market.status = 'TRADING'",
    ),
    (
        "smartsync_feed_tick_seconds", "Time since the last price of any market.", (),
        "SELECT extract(epoch FROM %(now)s - max(as_of)) FROM copytrading_mark",
    ),
    (
        "smartsync_copies", "Copies by state.", ("state",),
        "SELECT lower(status), count(*) FROM copytrading_copy WHERE status <> 'STOPPED' GROUP BY 1",
    ),
    (
        "smartsync_copy_stopping_seconds", "How long the slowest stop has taken so far.", (),
        "SELECT extract(epoch FROM %(now)s - min(stopping_at)) FROM copytrading_copy WHERE status = 'STOPPING'",
    ),
    (
        "smartsync_custody_difference", "What the venue keeps more than is owed, in coins.", ("coin",),
        "SELECT asset.symbol, found.units / 10.0 ^ asset.decimals FROM copytrading_custodydifference AS found"
        " JOIN accounts_asset AS asset ON asset.id = found.asset_id",
    ),
    (
        "smartsync_custody_looked_seconds", "Time since ledger and custody were last compared.", (),
        "SELECT extract(epoch FROM %(now)s - max(looked_at)) FROM copytrading_custodydifference",
    ),
    (
        "smartsync_platform_account", "What lies in an account of the platform, in coins.", ("account", "coin"),
        "SELECT lower(account.kind), asset.symbol, balance.posted / 10.0 ^ asset.decimals"
        " FROM accounts_balance AS balance"
        " JOIN accounts_ledgeraccount AS account ON account.id = balance.ledger_account_id"
        " JOIN accounts_asset AS asset ON asset.id = balance.asset_id"
        " WHERE account.kind IN ('SUSPENSE', 'UNASSIGNED', 'DUST', 'FEES')",
    ),
    (
        "smartsync_halts", "Standing halts.", ("scope",),
        "SELECT lower(scope), count(*) FROM copytrading_halt WHERE lifted_at IS NULL GROUP BY 1",
    ),
    (
        "smartsync_alarms", "Open alarms.", ("kind",),
        "SELECT lower(kind), count(*) FROM copytrading_alarm WHERE cleared_at IS NULL GROUP BY 1",
    ),
    (
        "smartsync_transfers_waiting", "Transfers that are on their way.", ("channel", "direction"),
        "SELECT lower(channel), lower(direction), count(*) FROM accounts_transfer"
        " WHERE status IN ('REQUESTED', 'CONFIRMED') GROUP BY 1, 2",
    ),
    (
        "smartsync_heartbeat_seconds", "Time since a process was last heard.", ("process",),
        "SELECT name, extract(epoch FROM %(now)s - beaten_at) FROM copytrading_heartbeat",
    ),
    (
        "smartsync_orders_value", "Value of the orders of the last minute at their limits, in cash.", (),
        "SELECT coalesce(sum(value_max_units), 0) / 1e8 FROM copytrading_order"
        " WHERE claimed_at > %(now)s - interval '1 minute'",
    ),
)  # fmt: skip

# name, what it says, and the times of it in seconds.
TIMES: tuple[tuple[str, str, str], ...] = (
    (
        "smartsync_lead_order_seconds", "From a lead's order to its copies' fills in the ledger.",
        "SELECT extract(epoch FROM taken.booked_at - lead_order.submitted_at) FROM copytrading_leadorder AS lead_order"
        " JOIN copytrading_order AS taken ON taken.market_id = lead_order.market_id AND taken.booked_at IS NOT NULL"
        " JOIN copytrading_synccycle AS cycle ON cycle.id = taken.cycle_id AND cycle.lead_id = lead_order.lead_id"
        f" WHERE lead_order.submitted_at > %(now)s - {WINDOW} AND taken.planned_at >= lead_order.submitted_at",
    ),
    (
        "smartsync_order_answer_seconds", "From the claim of an order to the venue's answer.",
        "SELECT extract(epoch FROM answered_at - claimed_at) FROM copytrading_order"
        f" WHERE claimed_at > %(now)s - {WINDOW} AND answered_at IS NOT NULL",
    ),
    (
        "smartsync_cycle_seconds", "From the beginning of a cycle to its end.",
        "SELECT extract(epoch FROM done_at - opened_at) FROM copytrading_synccycle"
        f" WHERE done_at > %(now)s - {WINDOW}",
    ),
    (
        "smartsync_stop_seconds", "From a stop, or a stop loss, to the money in the wallet.",
        "SELECT extract(epoch FROM stopped_at - stopping_at) FROM copytrading_copy"
        f" WHERE stopped_at > %(now)s - {WINDOW} AND stopping_at IS NOT NULL",
    ),
)  # fmt: skip


class EngineCollector:
    """Reads the figures each time a collector asks."""

    def collect(self) -> Iterator[Metric]:
        now = {"now": timezone.now()}
        with connection.cursor() as cursor:
            for name, help_text, labels, statement in GAUGES:
                cursor.execute(statement, now)
                family = GaugeMetricFamily(name, help_text, labels=labels)
                for *values, figure in cursor.fetchall():
                    if figure is not None:
                        family.add_metric([str(value) for value in values], float(figure))
                yield family
            for name, help_text, statement in TIMES:
                cursor.execute(
                    f"SELECT percentile_cont(ARRAY{[*QUANTILES]}) WITHIN GROUP (ORDER BY seconds)"
                    f" FROM ({statement}) AS times(seconds)",
                    now,
                )
                (found,) = cursor.fetchone()
                family = GaugeMetricFamily(name, f"{help_text} The last five minutes.", labels=("quantile",))
                for quantile, seconds in zip(QUANTILES, found or (), strict=False):
                    family.add_metric([str(quantile)], float(seconds))
                yield family

    def describe(self) -> Iterator[Metric]:
        """Return nothing: whoever registers this asks no database."""
        return iter(())


ENGINE = CollectorRegistry()
ENGINE.register(EngineCollector())
