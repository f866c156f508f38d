"""
What strangers see of a lead's book: trades after a delay, and the weights of a daily close.

Until now everybody read all of it, so what is there already stays public; the weights of this moment are kept with it.
"""

import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models

import accounts.models.whole_numbers

WAS_PUBLIC = """
    UPDATE copytrading_lead SET public_until = now() WHERE started_at IS NOT NULL
"""
KEEP_WEIGHTS = """
    WITH cash AS (
        SELECT id, decimals FROM accounts_asset WHERE id IN (SELECT quote_id FROM copytrading_market)
    ), held AS (
        SELECT lead.id AS lead_id, balance.asset_id, balance.posted AS units
        FROM copytrading_lead AS lead
        JOIN accounts_balance AS balance ON balance.ledger_account_id = lead.ledger_account_id
        WHERE balance.posted <> 0
        UNION ALL
        SELECT lead.id, holding.asset_id, holding.units
        FROM copytrading_lead AS lead JOIN copytrading_leadholding AS holding ON holding.lead_id = lead.id
        WHERE lead.ledger_account_id IS NULL AND holding.units <> 0
    ), valued AS (
        SELECT lead_id, held.asset_id, false AS is_cash,
            units * mark.price::double precision * power(10, cash.decimals - asset.decimals) AS value
        FROM held
        JOIN accounts_asset AS asset ON asset.id = held.asset_id
        JOIN copytrading_market AS market ON market.base_id = held.asset_id
        JOIN cash ON cash.id = market.quote_id
        JOIN copytrading_mark AS mark ON mark.market_id = market.id
        UNION ALL
        SELECT lead_id, asset_id, true, units FROM held WHERE asset_id IN (SELECT id FROM cash)
        UNION ALL
        SELECT id, 0, true, other_value_units FROM copytrading_lead WHERE other_value_units <> 0
    ), shares AS (
        SELECT lead_id, asset_id, is_cash, value / nullif(sum(value) OVER (PARTITION BY lead_id), 0) AS weight FROM valued
    )
    INSERT INTO copytrading_leadweights (lead_id, hour, recorded_at, is_close, asset_ids, weights)
    SELECT lead_id, date_trunc('hour', now(), 'UTC'), now(), true,
        coalesce(array_agg(asset_id) FILTER (WHERE NOT is_cash), '{}'),
        coalesce(array_agg(weight) FILTER (WHERE NOT is_cash), '{}')
    FROM shares JOIN copytrading_lead AS lead ON lead.id = lead_id AND lead.started_at IS NOT NULL
    WHERE weight IS NOT NULL GROUP BY lead_id
"""


class Migration(migrations.Migration):
    dependencies = [
        ("copytrading", "0047_webhooks"),
    ]

    operations = [
        migrations.AddField(
            model_name="lead",
            name="trades_delay_hours",
            field=models.PositiveSmallIntegerField(db_default=24, default=24),
        ),
        migrations.AddField(
            model_name="lead",
            name="weights_shown",
            field=models.CharField(
                choices=[("DAILY", "as of a daily close"), ("WITH_TRADES", "together with the trades")],
                db_default="DAILY",
                default="DAILY",
                max_length=11,
            ),
        ),
        migrations.AddField(
            model_name="lead",
            name="public_until",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddConstraint(
            model_name="lead",
            constraint=models.CheckConstraint(
                condition=models.Q(("trades_delay_hours__lte", 720)), name="trades_are_shown_within_30_days"
            ),
        ),
        migrations.CreateModel(
            name="LeadWeights",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("hour", models.DateTimeField()),
                ("recorded_at", models.DateTimeField()),
                ("is_close", models.BooleanField(default=False)),
                (
                    "asset_ids",
                    accounts.models.whole_numbers.WholeNumbersField(base_field=models.BigIntegerField(), size=None),
                ),
                ("weights", django.contrib.postgres.fields.ArrayField(base_field=models.FloatField(), size=None)),
                (
                    "lead",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="weights",
                        to="copytrading.lead",
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "lead weights",
                "indexes": [models.Index(fields=["lead", "-recorded_at"], name="weights_of_lead")],
                "constraints": [
                    models.UniqueConstraint(fields=("lead", "hour"), name="one_set_of_weights_per_lead_and_hour")
                ],
            },
        ),
        migrations.RunSQL(WAS_PUBLIC, migrations.RunSQL.noop),
        migrations.RunSQL(KEEP_WEIGHTS, migrations.RunSQL.noop),
    ]
