"""The loss over all copies of a person at which they all stop, and what is told of it."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("copytrading", "0052_the_platform_is_told_nothing"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AlterField(
            model_name="copy",
            name="stop_reason",
            field=models.CharField(
                blank=True,
                choices=[
                    ("FOLLOWER", "you stopped it"),
                    ("STOP_LOSS", "the stop loss was reached"),
                    ("TOTAL_LOSS", "your loss limit over all copies was reached"),
                    ("LEAD_ENDED", "the lead ended"),
                    ("OPERATOR", "an operator stopped it"),
                ],
                max_length=10,
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
                    ("STOP_LOSS_NEAR", "the stop loss is near"),
                    ("STOP_LOSS_FIRED", "the stop loss fired"),
                    ("LOSS_LIMIT_CHANGED", "the loss limit over all copies changed"),
                    ("LOSS_LIMIT_NEAR", "the loss limit over all copies is near"),
                    ("LOSS_LIMIT_FIRED", "the loss limit over all copies fired"),
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
            name="LossLimit",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("loss_units", models.BigIntegerField(null=True)),
                ("loss_fraction", models.FloatField(null=True)),
                ("set_at", models.DateTimeField()),
                ("breached_at", models.DateTimeField(null=True)),
                ("fired_at", models.DateTimeField(null=True)),
                (
                    "user",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="loss_limit",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("loss_fraction__isnull", True), ("loss_units__gt", 0)),
                            models.Q(("loss_fraction__gt", 0), ("loss_fraction__lt", 1), ("loss_units__isnull", True)),
                            _connector="OR",
                        ),
                        name="a_loss_limit_is_units_or_a_share",
                    )
                ],
            },
        ),
    ]
