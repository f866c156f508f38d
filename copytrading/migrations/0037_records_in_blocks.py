"""The worth of copies is kept as a column of a block of copies and a minute, where it was a row each."""

import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models

FILL_ROSTERS = """
INSERT INTO copytrading_copyroster (block, digest, copy_ids, invested_units)
SELECT DISTINCT block, md5(copy_ids::text || invested_units::text)::uuid, copy_ids, invested_units
FROM (
    SELECT copy_id >> 8 AS block, array_agg(copy_id ORDER BY copy_id) AS copy_ids,
        array_agg(invested_units ORDER BY copy_id) AS invested_units
    FROM copytrading_recordrow GROUP BY copy_id >> 8, recorded_at
) AS minute
"""
FILL_RECORDS = """
INSERT INTO copytrading_copyrecord (block, recorded_at, roster_id, equity_units)
SELECT minute.block, minute.recorded_at, roster.id, minute.equity_units
FROM (
    SELECT copy_id >> 8 AS block, recorded_at, array_agg(equity_units ORDER BY copy_id) AS equity_units,
        md5(array_agg(copy_id ORDER BY copy_id)::text || array_agg(invested_units ORDER BY copy_id)::text)::uuid
            AS digest
    FROM copytrading_recordrow GROUP BY copy_id >> 8, recorded_at
) AS minute
JOIN copytrading_copyroster AS roster ON roster.block = minute.block AND roster.digest = minute.digest
"""
WRITE_BACK = """
INSERT INTO copytrading_recordrow (copy_id, recorded_at, equity_units, invested_units)
SELECT line.copy_id, record.recorded_at, line.equity_units, line.invested_units
FROM copytrading_copyrecord AS record JOIN copytrading_copyroster AS roster ON roster.id = record.roster_id
CROSS JOIN unnest(roster.copy_ids, record.equity_units, roster.invested_units)
    AS line(copy_id, equity_units, invested_units)
"""
# Plain enough for the planner to put it into whatever asks: a look into the index of the block, and one element.
READ = """
CREATE FUNCTION copy_records(wanted bigint)
RETURNS TABLE (recorded_at timestamptz, equity_units bigint, invested_units bigint) LANGUAGE sql STABLE AS $$
    SELECT record.recorded_at, record.equity_units[own.place], roster.invested_units[own.place]
    FROM copytrading_copyrecord AS record
    JOIN copytrading_copyroster AS roster ON roster.id = record.roster_id
    CROSS JOIN LATERAL (SELECT array_position(roster.copy_ids, wanted) AS place) AS own
    WHERE record.block = wanted >> 8 AND own.place IS NOT NULL
$$
"""
NOW = "SET CONSTRAINTS ALL IMMEDIATE"


class Migration(migrations.Migration):
    dependencies = [
        ("copytrading", "0036_gaps_in_place"),
    ]

    operations = [
        migrations.RenameModel("CopyRecord", "RecordRow"),
        migrations.CreateModel(
            name="CopyRoster",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("block", models.BigIntegerField()),
                ("digest", models.UUIDField()),
                (
                    "copy_ids",
                    django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), size=None),
                ),
                (
                    "invested_units",
                    django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), size=None),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("block", "digest"), name="one_roster_of_a_kind")],
            },
        ),
        migrations.CreateModel(
            name="CopyRecord",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("block", models.BigIntegerField()),
                ("recorded_at", models.DateTimeField()),
                (
                    "roster",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="records",
                        to="copytrading.copyroster",
                    ),
                ),
                (
                    "equity_units",
                    django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), size=None),
                ),
            ],
            options={
                "ordering": ("recorded_at",),
                "constraints": [
                    models.UniqueConstraint(fields=("roster", "recorded_at"), name="one_record_of_a_roster_per_time")
                ],
                "indexes": [models.Index(fields=["block", "recorded_at"], name="copy_record_of_block")],
            },
        ),
        migrations.RunSQL(sql=FILL_ROSTERS, reverse_sql=NOW),
        migrations.RunSQL(sql=FILL_RECORDS, reverse_sql=WRITE_BACK),
        migrations.RunSQL(sql=NOW, reverse_sql=NOW),
        migrations.RunSQL(sql=READ, reverse_sql="DROP FUNCTION copy_records"),
        migrations.DeleteModel("RecordRow"),
    ]
