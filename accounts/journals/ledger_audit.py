"""Recomputes the ledger from its first journal on and says where a stored figure differs."""

from dataclasses import dataclass

from django.db import connection

CHECKS = (
    (
        "Journal {} does not sum to zero in asset {}.",
        "SELECT journal_id, asset_id FROM accounts_posting GROUP BY 1, 2 HAVING sum(units) <> 0 ORDER BY 1, 2",
    ),
    (
        "Journal {} has no postings.",
        "SELECT journal.id FROM accounts_journal AS journal WHERE NOT EXISTS"
        " (SELECT FROM accounts_posting WHERE journal_id = journal.id) ORDER BY 1",
    ),
    (
        "Posting {} names a journal, account or asset that does not exist.",
        "SELECT posting.id FROM accounts_posting AS posting"
        " LEFT JOIN accounts_journal AS journal ON journal.id = posting.journal_id"
        " LEFT JOIN accounts_ledgeraccount AS account ON account.id = posting.ledger_account_id"
        " LEFT JOIN accounts_asset AS asset ON asset.id = posting.asset_id"
        " WHERE journal.id IS NULL OR account.id IS NULL OR asset.id IS NULL ORDER BY 1",
    ),
    (
        "Account {} has {} units of asset {} by its balance and {} by its postings.",
        "SELECT account_id, coalesce(balance.posted, 0), asset_id, coalesce(booked.units, 0) FROM"
        " (SELECT ledger_account_id AS account_id, asset_id, sum(units) AS units FROM accounts_posting GROUP BY 1, 2)"
        " AS booked FULL JOIN (SELECT ledger_account_id AS account_id, asset_id, posted FROM accounts_balance)"
        " AS balance USING (account_id, asset_id)"
        " WHERE coalesce(balance.posted, 0) <> coalesce(booked.units, 0) ORDER BY 1, 3",
    ),
    (
        "Account {} has {} units of asset {} held by its balance and {} by its open holds.",
        "SELECT account_id, coalesce(balance.held, 0), asset_id, coalesce(promised.units, 0) FROM"
        " (SELECT account_id, hold.asset_id, sum(line_units) AS units FROM accounts_hold AS hold,"
        "   unnest(hold.ledger_account_ids, hold.units) AS line(account_id, line_units)"
        "   WHERE hold.released_at IS NULL GROUP BY 1, 2) AS promised"
        " FULL JOIN (SELECT ledger_account_id AS account_id, asset_id, held FROM accounts_balance) AS balance"
        " USING (account_id, asset_id)"
        " WHERE coalesce(balance.held, 0) <> coalesce(promised.units, 0) ORDER BY 1, 3",
    ),
    (
        "Account {} has less than nothing of asset {}: {} units, {} held.",
        "SELECT ledger_account_id, asset_id, posted, held FROM accounts_balance"
        " WHERE (posted < held OR held < 0) AND NOT may_be_negative ORDER BY 1, 2",
    ),
)

LIABILITIES = """
    SELECT asset.symbol, sum(posting.units) FROM accounts_posting AS posting
    JOIN accounts_ledgeraccount AS account ON account.id = posting.ledger_account_id
    JOIN accounts_asset AS asset ON asset.id = posting.asset_id
    WHERE account.kind NOT IN ('VENUE', 'EXTERNAL') GROUP BY asset.symbol
"""


@dataclass(frozen=True, kw_only=True)
class Audit:
    """What was found: one sentence for each thing that does not add up, and liabilities by symbol, in units."""

    sentences: tuple[str, ...]
    liabilities: dict[str, int]
    journals: int
    postings: int


def audit() -> Audit:
    """Return the result of recomputing every balance and hold from genesis."""
    with connection.cursor() as cursor:
        sentences = []
        for sentence, query in CHECKS:
            cursor.execute(query)
            sentences += [sentence.format(*row) for row in cursor.fetchall()]
        cursor.execute(LIABILITIES)
        liabilities = {symbol: int(units) for symbol, units in cursor.fetchall()}
        cursor.execute("SELECT (SELECT count(*) FROM accounts_journal), (SELECT count(*) FROM accounts_posting)")
        journals, postings = cursor.fetchone()
    return Audit(sentences=tuple(sentences), liabilities=liabilities, journals=journals, postings=postings)
