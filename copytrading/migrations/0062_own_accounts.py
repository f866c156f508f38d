"""Copies on accounts of their followers' own at the exchange: the accounts, what they hold, and where each copy stands."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0019_own_accounts_at_the_exchange"),
        ("copytrading", "0061_calm_until_something_is_asked"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="OwnHolding",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("beyond_units", models.BigIntegerField()),
                ("looked_at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="OwnSeat",
            fields=[
                (
                    "copy",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="seat",
                        serialize=False,
                        to="copytrading.copy",
                    ),
                ),
                (
                    "phase",
                    models.CharField(
                        choices=[
                            ("READY", "nothing is on its way"),
                            ("SELLING", "sells"),
                            ("SOLD", "has sold and may buy"),
                            ("BUYING", "buys"),
                        ],
                        default="READY",
                        max_length=8,
                    ),
                ),
                ("followed_version", models.PositiveBigIntegerField(default=0)),
                ("decided_version", models.PositiveBigIntegerField(default=0)),
                ("decided_request", models.PositiveBigIntegerField(default=0)),
                ("has_rest", models.BooleanField(default=False)),
                ("looked_at", models.DateTimeField(null=True)),
                ("next_look_at", models.DateTimeField(null=True)),
                ("failures", models.PositiveSmallIntegerField(default=0)),
            ],
        ),
        migrations.AddField(
            model_name="lead",
            name="takes_own_accounts",
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.AddField(
            model_name="leadposition",
            name="traded_version",
            field=models.PositiveBigIntegerField(db_default=0, default=0),
        ),
        migrations.AddField(
            model_name="synccycle",
            name="is_own",
            field=models.BooleanField(db_default=False, default=False),
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
                    ("OWN_KEY_REFUSED", "an own account's key is not taken"),
                    ("OWN_COINS_MISSING", "an own account holds less than its copies"),
                    ("OWN_REST_LEFT", "the rest of a coin stays in the own account"),
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
                    ("WITHDRAWAL_HELD", "a withdrawal waits before it goes"),
                    ("ARCHIVE_READY", "the archive of one's data is ready"),
                    ("ERASURE_ASKED", "the erasure of an account was asked for"),
                    ("WEBHOOK_PAUSED", "a webhook takes nothing any more"),
                    ("CHECK_PASSED", "a check was passed"),
                    ("CHECK_FAILED", "a check was not passed"),
                    ("ANNOUNCED", "an announcement"),
                    ("COMPLAINT_ACKNOWLEDGED", "a complaint was acknowledged"),
                    ("COMPLAINT_ANSWERED", "a complaint was answered"),
                ],
                max_length=24,
            ),
        ),
        migrations.CreateModel(
            name="OwnAccount",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("exchange", models.CharField(max_length=30)),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("CONNECTED", "connected"),
                            ("REFUSED", "the key does not open it"),
                            ("SHORT", "holds less than its copies"),
                            ("REVOKED", "disconnected"),
                        ],
                        default="REVOKED",
                        max_length=10,
                    ),
                ),
                ("reason", models.CharField(blank=True, max_length=300)),
                ("sealed_key", models.BinaryField(default=b"")),
                ("seal_id", models.CharField(blank=True, max_length=12)),
                ("fingerprint", models.CharField(blank=True, max_length=4)),
                ("connected_at", models.DateTimeField(blank=True, null=True)),
                ("looked_at", models.DateTimeField(blank=True, null=True)),
                ("tried_at", models.DateTimeField(blank=True, null=True)),
                ("checked_at", models.DateTimeField(blank=True, null=True)),
                ("doubted_at", models.DateTimeField(blank=True, null=True)),
                (
                    "ledger_account",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="own_account",
                        to="accounts.ledgeraccount",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="own_accounts",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
        ),
        migrations.AddField(
            model_name="copy",
            name="own_account",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="copies",
                to="copytrading.ownaccount",
            ),
        ),
        migrations.AddIndex(
            model_name="copy",
            index=models.Index(
                condition=models.Q(("own_account__isnull", False)), fields=["own_account"], name="copy_on_own_account"
            ),
        ),
        migrations.AddField(
            model_name="ownholding",
            name="account",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="holdings",
                to="copytrading.ownaccount",
            ),
        ),
        migrations.AddField(
            model_name="ownholding",
            name="asset",
            field=models.ForeignKey(
                db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.asset"
            ),
        ),
        migrations.AddIndex(
            model_name="ownaccount",
            index=models.Index(
                condition=models.Q(("status", "REVOKED"), _negated=True),
                fields=["tried_at"],
                name="own_account_to_look_at",
            ),
        ),
        migrations.AddConstraint(
            model_name="ownaccount",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("seal_id", ""), ("sealed_key", b""), ("status", "REVOKED")),
                    models.Q(
                        models.Q(("status", "REVOKED"), _negated=True),
                        models.Q(("sealed_key", b""), _negated=True),
                        models.Q(("seal_id", ""), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="a_revoked_own_account_keeps_no_key",
            ),
        ),
        migrations.AddConstraint(
            model_name="ownaccount",
            constraint=models.UniqueConstraint(
                fields=("user", "exchange"), name="one_own_account_per_person_and_exchange"
            ),
        ),
        migrations.AddConstraint(
            model_name="ownholding",
            constraint=models.UniqueConstraint(
                fields=("account", "asset"), name="one_holding_per_own_account_and_asset"
            ),
        ),
    ]
