"""Doubts that only people end, their verdicts, and what is told of both."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0005_coins_counted_anew"),
        ("copytrading", "0026_reasons_and_barred_markets"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AlterField(
            model_name="alarm",
            name="kind",
            field=models.CharField(
                choices=[
                    ("CUSTODY_DIFFERS", "ledger and custody differ"),
                    ("LATE_FILL", "a fill came after its order was ended"),
                    ("FOREIGN_TRADE", "a trade that is none of our orders"),
                    ("ORDER_UNKNOWN", "the outcome of an order stays unknown"),
                    ("LIMIT_REACHED", "an order was beyond the limits"),
                    ("PRICE_COLLAR", "an order was outside the price collar"),
                    ("VENUE_SILENT", "the venue does not answer"),
                    ("KEY_REFUSED", "the venue refuses our key"),
                    ("KEY_UNKNOWN", "the venue knows no such key"),
                    ("SECRET_WRONG", "the secret or passphrase of our key is wrong"),
                    ("ADDRESS_BARRED", "our address is not on the key's list"),
                    ("ENVIRONMENT_WRONG", "our key is one for demo trading, or the venue is"),
                    ("RIGHT_MISSING", "our key lacks a right"),
                    ("ACCOUNT_BARRED", "our account at the venue is restricted"),
                    ("PLACE_BARRED", "the venue does not serve the country of our server"),
                    ("MARKET_BARRED", "the venue does not let our account trade a market"),
                    ("ABILITY_MISSING", "orders could not be found again at the venue"),
                    ("CLOCK_SKEWED", "our clock and the venue's differ"),
                    ("MARKET_CHANGED", "a market was suspended, delisted or its name reused"),
                    ("COIN_IN_DOUBT", "a person has to say which coin it is"),
                    ("PRICES_DEGRADED", "prices cannot be acted on"),
                    ("LINK_BROKEN", "a lead's linked account cannot be read"),
                    ("LEAD_SET_ASIDE", "a lead was set aside after failures"),
                ],
                max_length=20,
            ),
        ),
        migrations.AlterField(
            model_name="mark",
            name="doubt",
            field=models.CharField(
                blank=True,
                choices=[
                    ("", "none"),
                    ("JUMP", "it jumped, and no later quote confirms it yet"),
                    ("DISAGREEMENT", "the sources disagree"),
                    ("REDENOMINATION", "it is a multiple or a fraction of the mark: another unit, or another coin"),
                    ("SUSPENSION", "it is not where it was before the market was suspended"),
                ],
                db_default="",
                default="",
                max_length=16,
            ),
        ),
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
                    ("LEAD_DEPOSITED", "the lead moved money in"),
                    ("LEAD_WITHDREW", "the lead moved money out"),
                    ("LEAD_PAUSED", "the lead paused"),
                    ("LEAD_RESUMED", "the lead resumed"),
                    ("LEAD_ENDED", "the lead ended"),
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
                ],
                max_length=20,
            ),
        ),
        migrations.CreateModel(
            name="CoinVerdict",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("PRICE_RIGHT", "the same coin, and the price is right"),
                            ("NEW_UNIT", "the same coin, counted in another unit"),
                            ("OTHER_COIN", "another coin under the same name"),
                        ],
                        max_length=12,
                    ),
                ),
                ("price", models.DecimalField(decimal_places=12, max_digits=30, null=True)),
                ("old_count", models.PositiveBigIntegerField(default=1)),
                ("new_count", models.PositiveBigIntegerField(default=1)),
                ("reason", models.CharField(max_length=200)),
                ("requested_at", models.DateTimeField()),
                ("approved_at", models.DateTimeField(blank=True, null=True)),
                ("withdrawn_at", models.DateTimeField(blank=True, null=True)),
                ("done_at", models.DateTimeField(blank=True, null=True)),
                ("order_id_last", models.BigIntegerField(null=True)),
                (
                    "approved_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "journal",
                    models.OneToOneField(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="coin_verdict",
                        to="accounts.journal",
                    ),
                ),
                (
                    "market",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="verdicts", to="copytrading.market"
                    ),
                ),
                (
                    "requested_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("approved_by__isnull", True),
                            models.Q(("approved_by", models.F("requested_by")), _negated=True),
                            _connector="OR",
                        ),
                        name="two_people_judge_a_coin",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("done_at__isnull", True),
                            models.Q(("approved_at__isnull", False), ("approved_by__isnull", False)),
                            _connector="OR",
                        ),
                        name="a_verdict_is_approved_before_it_is_done",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("kind", "NEW_UNIT"),
                                ("new_count__gt", 0),
                                ("old_count__gt", 0),
                                models.Q(("old_count", models.F("new_count")), _negated=True),
                            ),
                            models.Q(models.Q(("kind", "NEW_UNIT"), _negated=True), ("new_count", 1), ("old_count", 1)),
                            _connector="OR",
                        ),
                        name="a_new_unit_is_another_one",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("kind", "OTHER_COIN"), ("price__isnull", True)),
                            models.Q(models.Q(("kind", "OTHER_COIN"), _negated=True), ("price__gt", 0)),
                            _connector="OR",
                        ),
                        name="a_verdict_names_the_price",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("done_at__isnull", True), ("withdrawn_at__isnull", True)),
                        fields=("market",),
                        name="one_open_verdict_per_market",
                    ),
                ],
            },
        ),
    ]
