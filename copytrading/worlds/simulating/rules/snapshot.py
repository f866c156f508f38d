"""What is in the database after a step, as far as the rules look at it: one statement, one round trip."""

import json
from dataclasses import dataclass
from typing import Any

from django.db import connection

from accounts.journals import ledger_audit

Row = dict[str, Any]

TABLES = {
    "assets": "SELECT id, symbol, decimals FROM accounts_asset",
    "markets": "SELECT id, symbol, base_id, quote_id, lot_units, value_min_units, status FROM copytrading_market",
    "marks": "SELECT market_id, price::text, as_of::text, doubt FROM copytrading_mark",
    "orders": (
        "SELECT o.id, o.market_id, o.client_order_id, o.side, o.status, o.quantity_units, o.filled_units,"
        " o.value_units, o.fee_units, o.fee_base_units, o.participant_ids, o.wish_units, o.price_mid::text,"
        " o.price_buy_max::text, o.claimed_at IS NOT NULL AS claimed, o.booked_at IS NOT NULL AS booked, o.cycle_id,"
        " o.venue_account"
        " FROM copytrading_order AS o"
    ),
    "fills": (
        "SELECT trade_id, order_id, quantity_units, value_units, fee_units, fee_base_units,"
        " late_at IS NOT NULL AS late FROM copytrading_fill"
    ),
    "cycles": "SELECT id, lead_id, status FROM copytrading_synccycle",
    "leads": "SELECT id, status, source, ledger_account_id, failures, settling_until::text FROM copytrading_lead",
    "copies": (
        "SELECT id, follower_id, lead_id, ledger_account_id, mode, status, stop_reason, fence, invested_units,"
        " paid_in_units, paid_out_units, issued_units, mark_value_units, profit_share_rate::text, idempotency_key,"
        " buy_existing, weight_max, shared_until::text, started_at::text, is_reference, own_account_id"
        " FROM copytrading_copy"
    ),
    "own_accounts": "SELECT id, user_id, ledger_account_id, status FROM copytrading_ownaccount",
    # What each own account's mirror was posted in trades, by asset.
    "own_trades": (
        "SELECT account.id * 1000 + posting.asset_id AS id, account.id AS ledger_account_id, posting.asset_id,"
        " sum(posting.units) AS units FROM accounts_ledgeraccount AS account JOIN accounts_posting AS posting"
        " ON posting.ledger_account_id = account.id JOIN accounts_journal AS journal"
        " ON journal.id = posting.journal_id WHERE account.kind = 'OWN' AND journal.kind = 'TRADE'"
        " GROUP BY account.id, posting.asset_id"
    ),
    "copy_flows": "SELECT id, copy_id, kind, status, units, idempotency_key FROM copytrading_copyflow",
    "positions": "SELECT id, lead_id, asset_id, touch_request FROM copytrading_leadposition",
    "lead_flows": "SELECT id, lead_id, units, idempotency_key FROM copytrading_leadflow",
    "lead_orders": (
        "SELECT id, lead_id, market_id, side, status, quantity_units, filled_units, idempotency_key"
        " FROM copytrading_leadorder"
    ),
    "manual_orders": "SELECT id, order_id, user_id, limit_order_id, idempotency_key FROM copytrading_manualorder",
    "limit_orders": (
        "SELECT id, user_id, market_id, side, status, price_limit::text, quantity_units, filled_units, value_units,"
        " fee_units, held_units, hold_key, on_its_way_id, finished_at IS NOT NULL AS finished, expires_at::text,"
        " idempotency_key FROM copytrading_limitorder"
    ),
    "loss_limits": (
        "SELECT id, user_id, loss_units, loss_fraction::text, fired_at IS NOT NULL AS fired FROM copytrading_losslimit"
    ),
    "fired_limits": (
        "SELECT id, user_id, units, value_units, noted_at::text FROM copytrading_notice WHERE kind = 'LOSS_LIMIT_FIRED'"
    ),
    "transfers": "SELECT id, user_id, direction, units, status, idempotency_key FROM accounts_transfer",
    "shares": (
        "SELECT id, copy_id, kind, equity_units, mark_value_units, share_units, lower(period)::text AS since,"
        " upper(period)::text AS until FROM copytrading_profitshare"
    ),
    "accounts": "SELECT id, kind, owner_id FROM accounts_ledgeraccount",
    "balances": (
        "SELECT ledger_account_id, asset_id, posted, held, may_be_negative FROM accounts_balance"
        " WHERE posted <> 0 OR held <> 0"
    ),
    "holds": "SELECT id, key FROM accounts_hold WHERE released_at IS NULL",
    "dust": (
        "SELECT journal.id * 1000 + posting.asset_id AS id, journal.id AS journal_id, posting.asset_id,"
        " sum(posting.units) AS units FROM accounts_journal AS journal JOIN accounts_posting AS posting"
        " ON posting.journal_id = journal.id JOIN accounts_ledgeraccount AS account"
        " ON account.id = posting.ledger_account_id WHERE journal.kind = 'DUST' AND account.kind = 'DUST'"
        " AND posting.units > 0 GROUP BY journal.id, posting.asset_id"
    ),
    "halts": "SELECT id, scope, target_id, reason, placed_by_id FROM copytrading_halt WHERE lifted_at IS NULL",
    "verdicts": (
        "SELECT id, market_id, kind, old_count, new_count, approved_at IS NOT NULL AS approved,"
        " withdrawn_at IS NOT NULL AS withdrawn, done_at IS NOT NULL AS done FROM copytrading_coinverdict"
    ),
    # What everybody had of a coin right before its verdict turned it, and right after.
    "recounts": (
        "SELECT verdict.id * 1000000 + posting.ledger_account_id AS id, verdict.id AS verdict_id,"
        " posting.ledger_account_id, coalesce(sum(posting.units) FILTER (WHERE posting.journal_id <"
        " verdict.journal_id), 0) AS had, sum(posting.units) AS has FROM copytrading_coinverdict AS verdict"
        " JOIN copytrading_market AS market ON market.id = verdict.market_id JOIN accounts_posting AS posting"
        " ON posting.asset_id = market.base_id AND posting.journal_id <= verdict.journal_id"
        " GROUP BY verdict.id, posting.ledger_account_id"
    ),
    "journals": "SELECT id, kind, idempotency_key FROM accounts_journal",
}
# Of an order that is booked, once it was looked at, only the row itself is of interest.
NEW_SHARES = (
    "SELECT share.order_id, share.ledger_account_id, share.quantity_units, share.value_units, share.fee_units,"
    " share.fee_base_units FROM copytrading_allocation AS share WHERE share.order_id > ALL(%s::bigint[])"
)
AUDIT = [f"SELECT {place} AS rule, row_to_json(line)::text AS row FROM ({query}) AS line"
         for place, (_, query) in enumerate(ledger_audit.CHECKS)]  # fmt: skip


def _as_array(query: str, order: str) -> str:
    return f"(SELECT coalesce(json_agg(line ORDER BY {order}), '[]') FROM ({query}) AS line)"


ORDER = {"marks": "market_id", "fills": "trade_id", "balances": "ledger_account_id, asset_id"}
STATEMENT = "SELECT " + ", ".join(
    [
        *(_as_array(query, ORDER.get(name, "id")) for name, query in TABLES.items()),
        _as_array(
            "SELECT order_id, ledger_account_id, quantity_units, value_units, fee_units, fee_base_units"
            " FROM copytrading_allocation",
            "order_id, ledger_account_id",
        ),
        _as_array(" UNION ALL ".join(AUDIT), "rule, row"),
        _as_array(ledger_audit.LIABILITIES.replace("sum(posting.units)", "sum(posting.units) AS units"), "symbol"),
    ]
)


@dataclass(frozen=True, kw_only=True)
class Snapshot:
    """
    The rows that the rules look at, each table in the order of its ids, with `by_id` for a look-up.

    `unsound` are the ledger's own findings, `liabilities` what it owes by symbol, in units.
    """

    tables: dict[str, list[Row]]
    shares_of_order: dict[int, list[Row]]
    unsound: tuple[str, ...]
    liabilities: dict[str, int]
    by_id: dict[str, dict[int, Row]]

    def __getitem__(self, table: str) -> list[Row]:
        return self.tables[table]

    def get(self, table: str, row_id: int) -> Row | None:
        """Return one row by its id, None where there is none."""
        return self.by_id[table].get(row_id)

    def available_units(self, account_id: int, asset_id: int) -> int:
        """Return what an account may spend of an asset."""
        for balance in self.tables["balances"]:
            if (balance["ledger_account_id"], balance["asset_id"]) == (account_id, asset_id):
                return int(balance["posted"] - balance["held"])
        return 0


def take_snapshot() -> Snapshot:
    """Return what is in the database now."""
    connection.ensure_connection()
    assert connection.connection is not None
    # Prepared, since planning this takes longer than to run it.
    row = connection.connection.execute(STATEMENT, prepare=True).fetchone()
    assert row is not None, "a statement of subqueries has one row"
    *columns, shares, unsound, liabilities = (
        json.loads(column) if isinstance(column, str) else column for column in row
    )
    tables = dict(zip(TABLES, columns, strict=True))
    shares_of_order: dict[int, list[Row]] = {}
    for share in shares:
        shares_of_order.setdefault(share["order_id"], []).append(share)
    return Snapshot(
        tables=tables,
        shares_of_order=shares_of_order,
        unsound=tuple(f"{ledger_audit.CHECKS[line['rule']][0]} {line['row']}" for line in unsound),
        liabilities={line["symbol"]: int(line["units"]) for line in liabilities},
        by_id={name: {row["id"]: row for row in rows} for name, rows in tables.items() if rows and "id" in rows[0]}
        | {name: {} for name, rows in tables.items() if not rows},
    )
