import django.db.models.deletion
from django.db import migrations, models

import copytrading.exchange.paper.models


class Migration(migrations.Migration):
    """The markets, orders, trades, balances and transfers of the paper venue."""

    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="PaperBalance",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("account", models.CharField(max_length=40)),
                ("asset", models.CharField(max_length=20)),
                ("quantity", copytrading.exchange.paper.models.MoneyField()),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("account", "asset"), name="paper_balance_is_one_per_asset"),
                    models.CheckConstraint(
                        condition=models.Q(("quantity__gte", 0)), name="paper_balance_is_not_negative"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="PaperMarket",
            fields=[
                ("symbol", models.CharField(max_length=40, primary_key=True, serialize=False)),
                ("base", models.CharField(max_length=20)),
                ("quote", models.CharField(max_length=20)),
                ("lot_size", copytrading.exchange.paper.models.MoneyField()),
                ("tick_size", copytrading.exchange.paper.models.MoneyField()),
                ("value_min", copytrading.exchange.paper.models.MoneyField()),
                ("fee_rate", copytrading.exchange.paper.models.MoneyField()),
                ("status", models.CharField(default="TRADING", max_length=10)),
                (
                    "spread_rate",
                    copytrading.exchange.paper.models.MoneyField(
                        help_text="Best ask minus best bid, as a fraction of the price."
                    ),
                ),
                (
                    "level_gap_rate",
                    copytrading.exchange.paper.models.MoneyField(
                        help_text="From one level to the next, as a fraction of the price."
                    ),
                ),
                (
                    "level_value",
                    copytrading.exchange.paper.models.MoneyField(
                        help_text="What the best level offers, in quote currency; each further one offers more."
                    ),
                ),
                (
                    "level_count",
                    models.PositiveSmallIntegerField(help_text="Levels a side; 0 means no spread and no end."),
                ),
                (
                    "price",
                    copytrading.exchange.paper.models.MoneyField(
                        help_text="The middle of the book; none before the first price.", null=True
                    ),
                ),
                ("priced_at", models.DateTimeField(null=True)),
                (
                    "taken_bid_quantity",
                    copytrading.exchange.paper.models.MoneyField(
                        default=0, help_text="Bought from the bids since the price came."
                    ),
                ),
                (
                    "taken_ask_quantity",
                    copytrading.exchange.paper.models.MoneyField(
                        default=0, help_text="Sold by the asks since the price came."
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("lot_size__gt", 0), ("tick_size__gt", 0), ("value_min__gte", 0)),
                        name="paper_market_steps_are_positive",
                    ),
                    models.CheckConstraint(condition=models.Q(("price__gt", 0)), name="paper_market_price_is_positive"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("price__isnull", True), ("priced_at__isnull", True)),
                            models.Q(("price__isnull", False), ("priced_at__isnull", False)),
                            _connector="OR",
                        ),
                        name="paper_market_price_has_its_time",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("fee_rate__gte", 0),
                            ("fee_rate__lt", 1),
                            ("level_gap_rate__gte", 0),
                            ("spread_rate__gte", 0),
                            ("spread_rate__lt", 1),
                        ),
                        name="paper_market_rates_are_fractions",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("level_value__gte", 0), ("taken_ask_quantity__gte", 0), ("taken_bid_quantity__gte", 0)
                        ),
                        name="paper_market_depth_is_not_negative",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("status__in", ["TRADING", "SUSPENDED"])),
                        name="paper_market_status_is_known",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="PaperOrder",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("account", models.CharField(max_length=40)),
                ("client_order_id", models.CharField(max_length=64)),
                ("symbol", models.CharField(max_length=40)),
                ("side", models.CharField(max_length=4)),
                ("quantity", copytrading.exchange.paper.models.MoneyField()),
                ("filled_quantity", copytrading.exchange.paper.models.MoneyField()),
                ("price_limit", copytrading.exchange.paper.models.MoneyField()),
                ("status", models.CharField(max_length=10)),
                ("placed_at", models.DateTimeField()),
            ],
            options={
                "indexes": [models.Index(fields=["account", "client_order_id"], name="paper_order_by_client_id")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("filled_quantity__gte", 0),
                            ("filled_quantity__lte", models.F("quantity")),
                            ("quantity__gt", 0),
                        ),
                        name="paper_order_is_not_overfilled",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("price_limit__gt", 0)), name="paper_order_limit_is_positive"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("side__in", ["BUY", "SELL"])), name="paper_order_side_is_known"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("status__in", ["OPEN", "FILLED", "CANCELED", "EXPIRED", "REJECTED"])),
                        name="paper_order_status_is_known",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="PaperTransfer",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("reference", models.CharField(max_length=100, unique=True)),
                ("account", models.CharField(max_length=40)),
                ("asset", models.CharField(max_length=20)),
                ("quantity", copytrading.exchange.paper.models.MoneyField()),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("quantity", 0), _negated=True), name="paper_transfer_moves_something"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="PaperTrade",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("account", models.CharField(max_length=40)),
                ("symbol", models.CharField(max_length=40)),
                ("price", copytrading.exchange.paper.models.MoneyField()),
                ("quantity", copytrading.exchange.paper.models.MoneyField()),
                ("value", copytrading.exchange.paper.models.MoneyField()),
                ("fee", copytrading.exchange.paper.models.MoneyField()),
                ("fee_asset", models.CharField(max_length=20)),
                ("executed_at", models.DateTimeField()),
                (
                    "order",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="trades", to="paper.paperorder"
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["account", "symbol", "executed_at"], name="paper_trade_by_time")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("fee__gte", 0), ("price__gt", 0), ("quantity__gt", 0), ("value__gte", 0)),
                        name="paper_trade_amounts_are_positive",
                    )
                ],
            },
        ),
    ]
