"""
What copies are worth, written for their curves: a row for each block of copies and moment, whatever leads they follow.

A row a copy and minute was most of what a platform at rest wrote. Here a minute of 256 copies is one row of 256 worths;
who they are, and what counts as invested in each, stands in a roster that changes only when one of them does.
"""

from datetime import datetime
from hashlib import md5
from uuid import UUID

import numpy as np
from django.db import connection

from copytrading.engine.arrays import IntArray

# As in the function copy_records of the database: a block is 256 ids.
BLOCK_BITS = 8

WRITE = """
    WITH line AS (
        SELECT * FROM unnest(%(blocks)s::bigint[], %(digests)s::uuid[], %(ids)s::text[], %(invested)s::text[],
            %(equity)s::text[]) AS line(block, digest, copy_ids, invested_units, equity_units)
    ), known AS (
        SELECT roster.id, line.block, line.digest FROM line
        JOIN copytrading_copyroster AS roster ON roster.block = line.block AND roster.digest = line.digest
    ), new AS (
        INSERT INTO copytrading_copyroster (block, digest, copy_ids, invested_units)
        SELECT block, digest, copy_ids::bigint[], invested_units::bigint[] FROM line
        WHERE NOT EXISTS (SELECT FROM known WHERE known.block = line.block AND known.digest = line.digest)
        RETURNING id, block, digest
    )
    INSERT INTO copytrading_copyrecord (block, recorded_at, roster_id, equity_units)
    SELECT roster.block, %(now)s, roster.id, line.equity_units::bigint[]
    FROM line JOIN (SELECT * FROM known UNION ALL SELECT * FROM new) AS roster USING (block, digest)
    ON CONFLICT DO NOTHING
"""

# An hour keeps its last record, and each before it that has a copy which the next one has no more.
THIN = """
    WITH places AS (
        SELECT id, roster_id, lead(roster_id) OVER (
            PARTITION BY block, date_trunc('hour', recorded_at, 'UTC') ORDER BY recorded_at, id) AS next_roster_id
        FROM copytrading_copyrecord WHERE recorded_at >= %(since)s AND recorded_at < %(until)s
    )
    DELETE FROM copytrading_copyrecord AS record USING places
    WHERE record.id = places.id AND places.next_roster_id IS NOT NULL AND (
        places.roster_id = places.next_roster_id
        OR (SELECT copy_ids FROM copytrading_copyroster WHERE id = places.roster_id)
            <@ (SELECT copy_ids FROM copytrading_copyroster WHERE id = places.next_roster_id)
    )
"""
DROP_ROSTERS = """
    DELETE FROM copytrading_copyroster AS roster
    WHERE NOT EXISTS (SELECT FROM copytrading_copyrecord WHERE roster_id = roster.id)
"""


def write(*, copy_ids: IntArray, equity_units: IntArray, invested_units: IntArray, now: datetime) -> None:
    """Write what copies (N,) are worth now, in one statement."""
    if not len(copy_ids):
        return
    order = np.argsort(copy_ids)
    blocks = copy_ids[order] >> BLOCK_BITS
    ends = [*(np.flatnonzero(np.diff(blocks)) + 1).tolist(), len(order)]
    begins = [0, *ends[:-1]]
    ids, equity, invested = (
        [_array_text(column[order][begin:end]) for begin, end in zip(begins, ends, strict=True)]
        for column in (copy_ids, equity_units, invested_units)
    )
    digests = [UUID(_digest(*columns)) for columns in zip(ids, invested, strict=True)]
    with connection.cursor() as cursor:
        cursor.execute(
            WRITE,
            {
                "blocks": blocks[begins].tolist(),
                "digests": digests,
                "ids": ids,
                "invested": invested,
                "equity": equity,
                "now": now,
            },
        )


def thin(*, since: datetime, until: datetime) -> int:
    """Drop what the hours between two times need not keep, and return how many rows that were."""
    with connection.cursor() as cursor:
        cursor.execute(THIN, {"since": since, "until": until})
        dropped = cursor.rowcount
        if dropped:
            cursor.execute(DROP_ROSTERS)
    return int(dropped)


def _array_text(column: IntArray) -> str:
    """Return whole numbers as PostgreSQL writes an array."""
    return "{" + ",".join(map(str, column.tolist())) + "}"


def _digest(copy_ids: str, invested_units: str) -> str:
    return md5((copy_ids + invested_units).encode(), usedforsecurity=False).hexdigest()
