"""Limit orders of people's own wallets, and what is told of them; a manual order may have come of one."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("copytrading", "0049_rules_at_run_time"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AlterField(
            model_name="notice",
            name="kind",
            field=models.CharField(
                choices=[
                    ("COPY_STARTED", "copy started"),
                    ("COPY_INCREASED", "investment increased"),
                    ("COPY_REDUCED", "investment reduced"),
                    ("COPY_PAUSED", "copy paused"),
                    ("COPY_RESUMED", "copy resumed"),
                    ("COPY_STOPPING", "copy stopping"),
                    ("COPY_STOPPED", "copy stopped"),
                    ("COINS_FROZEN", "coins could not be sold"),
                    ("REST_TAKEN_OVER", "the rest of a coin was taken over"),
                    ("STOP_LOSS_CHANGED", "stop loss changed"),
                    ("STOP_LOSS_NEAR", "the stop loss is near"),
                    ("STOP_LOSS_FIRED", "the stop loss fired"),
                    ("COPY_FELL", "a copy fell within a day"),
                    ("LEAD_DEPOSITED", "the lead moved money in"),
                    ("LEAD_WITHDREW", "the lead moved money out"),
                    ("LEAD_PAUSED", "the lead paused"),
                    ("LEAD_RESUMED", "the lead resumed"),
                    ("LEAD_ENDED", "the lead ended"),
                    ("LEAD_TERMS_CHANGED", "the lead changed the terms"),
                    ("LEAD_REARRANGED", "the lead changed much of the portfolio"),
                    ("PROFIT_SHARED", "profit share paid"),
                    ("LEAD_WROTE", "the lead wrote"),
                    ("STAKE_LOW", "the lead's own stake is low"),
                    ("LEAD_UNSEEN", "the lead cannot be seen"),
                    ("LEAD_SEEN", "the lead can be seen again"),
                    ("LEAD_UNPRICED", "the lead holds what has no price"),
                    ("COIN_IN_DOUBT", "a coin is in doubt"),
                    ("COIN_CLEARED", "a coin is no longer in doubt"),
                    ("COIN_HALTED", "a coin is halted"),
                    ("COIN_RESUMED", "a coin is no longer halted"),
                    ("COIN_RECOUNTED", "a coin is counted in another unit"),
                    ("MARKET_SUSPENDED", "a market was suspended"),
                    ("MARKET_DELISTED", "a market was delisted"),
                    ("MARKET_REOPENED", "a market trades again"),
                    ("DEPOSITED", "money came in"),
                    ("WITHDRAWN", "money went out"),
                    ("LIMIT_FILLED", "a limit order was filled"),
                    ("LIMIT_EXPIRED", "a limit order expired"),
                    ("LIMIT_ENDED", "a limit order was ended"),
                    ("WEEK_RESULT", "the result of a week"),
                    ("MONTH_RESULT", "the result of a month"),
                    ("APPLICATION_ACCEPTED", "application accepted"),
                    ("APPLICATION_DECLINED", "application declined"),
                    ("FOLLOWERS_REACHED", "more followers than before"),
                    ("OWN_STAKE_LOW", "your own stake is low"),
                    ("EARNED", "earnings of a week"),
                    ("SIGNED_IN", "sign-in from a new device"),
                    ("PASSWORD_CHANGED", "password changed"),
                    ("EMAIL_CHANGED", "e-mail address changed"),
                    ("SECOND_FACTOR_CHANGED", "second factor changed"),
                    ("WEBHOOK_PAUSED", "a webhook takes nothing any more"),
                ],
                max_length=24,
            ),
        ),
        migrations.CreateModel(
            name="LimitOrder",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("side", models.CharField(choices=[("BUY", "buy"), ("SELL", "sell")], max_length=4)),
                ("price_limit", models.DecimalField(decimal_places=12, max_digits=30)),
                ("quantity_units", models.BigIntegerField()),
                ("filled_units", models.BigIntegerField(default=0)),
                ("value_units", models.BigIntegerField(default=0)),
                ("fee_units", models.BigIntegerField(default=0)),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("WAITING", "waiting"),
                            ("PARTIALLY_FILLED", "partly filled, the rest waits"),
                            ("FILLED", "filled"),
                            ("CANCELED", "canceled"),
                            ("EXPIRED", "expired"),
                            ("ENDED", "ended"),
                        ],
                        default="WAITING",
                        max_length=16,
                    ),
                ),
                (
                    "ended_because",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("", "none"),
                            ("RECOUNTED", "the coin is counted in another unit now"),
                            ("DELISTED", "the market is no longer listed"),
                            ("TOO_SMALL", "what is left is less than the venue takes"),
                        ],
                        default="",
                        max_length=9,
                    ),
                ),
                ("held_units", models.BigIntegerField(default=0)),
                ("hold_key", models.CharField(blank=True, max_length=80)),
                ("idempotency_key", models.CharField(max_length=80)),
                ("placed_at", models.DateTimeField()),
                ("expires_at", models.DateTimeField(null=True)),
                ("finished_at", models.DateTimeField(null=True)),
                (
                    "market",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="copytrading.market"
                    ),
                ),
                (
                    "on_its_way",
                    models.OneToOneField(
                        null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="copytrading.order"
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="limit_orders",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
        ),
        migrations.AddField(
            model_name="manualorder",
            name="limit_order",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="manual_orders",
                to="copytrading.limitorder",
            ),
        ),
        migrations.AddIndex(
            model_name="limitorder",
            index=models.Index(
                condition=models.Q(("finished_at__isnull", True)),
                fields=["market", "side", "price_limit"],
                name="limit_order_waiting",
            ),
        ),
        migrations.AddIndex(
            model_name="limitorder",
            index=models.Index(fields=["user", "-id"], name="limit_order_of_user"),
        ),
        migrations.AddIndex(
            model_name="limitorder",
            index=models.Index(
                condition=models.Q(("expires_at__isnull", False), ("finished_at__isnull", True)),
                fields=["expires_at"],
                name="limit_order_to_expire",
            ),
        ),
        migrations.AddConstraint(
            model_name="limitorder",
            constraint=models.UniqueConstraint(fields=("user", "idempotency_key"), name="one_limit_order_per_key"),
        ),
        migrations.AddConstraint(
            model_name="limitorder",
            constraint=models.CheckConstraint(
                condition=models.Q(("price_limit__gt", 0)), name="limit_order_has_a_price"
            ),
        ),
        migrations.AddConstraint(
            model_name="limitorder",
            constraint=models.CheckConstraint(
                condition=models.Q(("quantity_units__gt", 0)), name="limit_order_trades_something"
            ),
        ),
        migrations.AddConstraint(
            model_name="limitorder",
            constraint=models.CheckConstraint(
                condition=models.Q(("filled_units__lte", models.F("quantity_units"))), name="limit_order_not_overfilled"
            ),
        ),
        migrations.AddConstraint(
            model_name="limitorder",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("finished_at__isnull", True), ("status__in", ["WAITING", "PARTIALLY_FILLED"])),
                    models.Q(
                        models.Q(("status__in", ["WAITING", "PARTIALLY_FILLED"]), _negated=True),
                        ("finished_at__isnull", False),
                    ),
                    _connector="OR",
                ),
                name="a_limit_order_waits_or_is_finished",
            ),
        ),
        migrations.AddConstraint(
            model_name="limitorder",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("held_units", 0), ("hold_key", "")),
                    models.Q(
                        models.Q(("hold_key", ""), _negated=True),
                        ("held_units__gt", 0),
                        ("status__in", ["WAITING", "PARTIALLY_FILLED"]),
                    ),
                    _connector="OR",
                ),
                name="only_a_waiting_limit_order_holds",
            ),
        ),
    ]
