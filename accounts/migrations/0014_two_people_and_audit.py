"""What operators may do only together, who made whom, and the audit: see the SQL beside this file."""

import datetime
from pathlib import Path

import django.db.models.deletion
import django.db.models.expressions
from django.conf import settings
from django.db import migrations, models

UNDO = """
DROP TRIGGER approver_is_independent ON accounts_operatorrequest;
DROP TRIGGER decided_once ON accounts_operatorrequest;
DROP TRIGGER vouchings_are_append_only ON accounts_vouching;
DROP TRIGGER audit_is_chained ON accounts_auditentry;
DROP TRIGGER audit_is_append_only ON accounts_auditentry;
DROP FUNCTION refuse_dependent_approver();
DROP FUNCTION refuse_second_approval();
DROP FUNCTION chain_audit_entry();
DROP FUNCTION audit_part(text);
"""


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0013_devices_and_program_keys"),
    ]

    operations = [
        migrations.CreateModel(
            name="AuditEntry",
            fields=[
                ("number", models.BigIntegerField(primary_key=True, serialize=False)),
                ("at", models.DateTimeField()),
                ("act", models.CharField(max_length=60)),
                ("object_type", models.CharField(blank=True, max_length=60)),
                ("object_id", models.CharField(blank=True, db_index=True, max_length=64)),
                ("words", models.CharField(blank=True, max_length=300)),
                ("reason", models.CharField(blank=True, max_length=200)),
                ("before", models.TextField(blank=True)),
                ("after", models.TextField(blank=True)),
                ("request_id", models.CharField(blank=True, max_length=64)),
                ("address", models.CharField(blank=True, max_length=45)),
                ("previous_hash", models.CharField(max_length=64)),
                ("hash", models.CharField(max_length=64)),
                (
                    "actor",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "audit entries",
                "permissions": (
                    ("export_audit", "Can export the audit"),
                    ("see_metrics", "Can see the figures for machines"),
                ),
            },
        ),
        migrations.CreateModel(
            name="AuditHead",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.BigIntegerField()),
                ("hash", models.CharField(max_length=64)),
            ],
            options={
                "constraints": [models.CheckConstraint(condition=models.Q(("pk", 1)), name="one_audit_head")],
            },
        ),
        migrations.CreateModel(
            name="Vouching",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "act",
                    models.CharField(
                        choices=[("CREATED", "created"), ("PROMOTED", "promoted"), ("RESET", "reset")], max_length=10
                    ),
                ),
                ("at", models.DateTimeField()),
                (
                    "maker",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="vouchings",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="OperatorRequest",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("RIGHTS", "change what they may do"),
                            ("PASSWORD", "take the password away, so that they choose a new one by mail"),
                            ("SECOND_FACTOR", "take the second factor away, so that they set up a new one"),
                            ("EMAIL", "change the address they sign in with"),
                            ("ACTIVITY", "let them sign in, or not any more"),
                        ],
                        max_length=20,
                    ),
                ),
                ("wanted", models.JSONField(default=dict)),
                ("reason", models.CharField(max_length=200)),
                ("requested_at", models.DateTimeField()),
                ("approved_at", models.DateTimeField(blank=True, null=True)),
                ("withdrawn_at", models.DateTimeField(blank=True, null=True)),
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
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
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
                            models.Q(("approved_at__isnull", True), ("approved_by__isnull", True)),
                            models.Q(
                                ("approved_at__isnull", False),
                                ("approved_by__isnull", False),
                                models.Q(("approved_by", models.F("requested_by")), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="two_people_decide_on_rights",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("approved_by__isnull", True),
                            models.Q(("approved_by", models.F("person")), _negated=True),
                            _connector="OR",
                        ),
                        name="nobody_approves_what_concerns_them",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("approved_at__isnull", True),
                            models.Q(
                                ("approved_at__gte", models.F("requested_at")),
                                (
                                    "approved_at__lte",
                                    django.db.models.expressions.CombinedExpression(
                                        models.F("requested_at"), "+", models.Value(datetime.timedelta(days=1))
                                    ),
                                ),
                            ),
                            _connector="OR",
                        ),
                        name="approved_within_a_day",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("approved_at__isnull", True), ("withdrawn_at__isnull", True), _connector="OR"
                        ),
                        name="approved_or_withdrawn_and_not_both",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("approved_at__isnull", True), ("withdrawn_at__isnull", True)),
                        fields=("person", "kind"),
                        name="one_open_request_per_person_and_kind",
                    ),
                ],
            },
        ),
        migrations.RunSQL(
            sql=(Path(__file__).parent / "sql" / "two_people_and_audit.sql").read_text(),
            reverse_sql=UNDO,
        ),
    ]
