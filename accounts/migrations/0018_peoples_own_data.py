"""Archives of what is kept of a person, erasures, and withdrawals that wait before they go."""

import datetime
from pathlib import Path

import django.db.models.deletion
import django.db.models.expressions
from django.conf import settings
from django.db import migrations, models

from accounts.migrations.sql import as_made_by

UNDO = (
    """
DROP TRIGGER an_erasure_ends_once ON accounts_erasure;
DROP FUNCTION refuse_another_erasure();
DROP TRIGGER approver_is_independent ON accounts_erasure;
DROP TRIGGER keys_are_append_only ON accounts_requestkey;
DROP FUNCTION refuse_to_rewrite_a_key();
"""
    + as_made_by("two_people_and_audit.sql", "refuse_second_approval")
    + "DROP FUNCTION is_erased_address(text);\n"
)


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0017_transfers_seen_by_one"),
    ]

    operations = [
        migrations.CreateModel(
            name="Archive",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("reason", models.CharField(blank=True, db_default="", max_length=200)),
                ("asked_at", models.DateTimeField()),
                ("attempts", models.PositiveSmallIntegerField(default=0)),
                ("begun_at", models.DateTimeField(null=True)),
                ("made_at", models.DateTimeField(null=True)),
                ("kept_until", models.DateTimeField(null=True)),
                ("byte_count", models.BigIntegerField(null=True)),
                ("removed_at", models.DateTimeField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name="Erasure",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("reason", models.CharField(blank=True, db_default="", max_length=200)),
                ("requested_at", models.DateTimeField()),
                ("approved_at", models.DateTimeField(blank=True, null=True)),
                ("due_at", models.DateTimeField(blank=True, null=True)),
                ("hindered_by", models.CharField(blank=True, db_default="", max_length=300)),
                ("withdrawn_at", models.DateTimeField(blank=True, null=True)),
                ("done_at", models.DateTimeField(blank=True, null=True)),
            ],
        ),
        migrations.AddField(
            model_name="transfer",
            name="held_until",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddConstraint(
            model_name="transfer",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("held_until__isnull", True),
                    models.Q(("direction", "WITHDRAWAL"), ("status__in", ["REQUESTED", "REFUSED", "CANCELED"])),
                    _connector="OR",
                ),
                name="nothing_moves_while_it_is_held",
            ),
        ),
        migrations.CreateModel(
            name="ArchiveFile",
            fields=[
                (
                    "archive",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="file",
                        serialize=False,
                        to="accounts.archive",
                    ),
                ),
                ("content", models.BinaryField()),
            ],
        ),
        migrations.AddField(
            model_name="archive",
            name="asked_by",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="archive",
            name="user",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="archives",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="erasure",
            name="approved_by",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="erasure",
            name="requested_by",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="erasure",
            name="user",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="erasures",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddIndex(
            model_name="archive",
            index=models.Index(fields=["user", "-id"], name="archive_of_user"),
        ),
        migrations.AddIndex(
            model_name="archive",
            index=models.Index(
                condition=models.Q(("removed_at__isnull", True)), fields=["id"], name="archive_that_is_kept"
            ),
        ),
        migrations.AddConstraint(
            model_name="archive",
            constraint=models.UniqueConstraint(
                condition=models.Q(("made_at__isnull", True), ("removed_at__isnull", True)),
                fields=("user",),
                name="one_archive_is_made_at_a_time",
            ),
        ),
        migrations.AddConstraint(
            model_name="archive",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("byte_count__isnull", True), ("kept_until__isnull", True), ("made_at__isnull", True)),
                    models.Q(("byte_count__isnull", False), ("kept_until__isnull", False), ("made_at__isnull", False)),
                    _connector="OR",
                ),
                name="an_archive_that_is_made_has_its_end",
            ),
        ),
        migrations.AddIndex(
            model_name="erasure",
            index=models.Index(fields=["user", "-id"], name="erasure_of_user"),
        ),
        migrations.AddIndex(
            model_name="erasure",
            index=models.Index(
                condition=models.Q(("done_at__isnull", True), ("withdrawn_at__isnull", True)),
                fields=["due_at"],
                name="erasure_due",
            ),
        ),
        migrations.AddConstraint(
            model_name="erasure",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("approved_at__isnull", True), ("approved_by__isnull", True)),
                    models.Q(
                        ("approved_at__isnull", False),
                        ("approved_by__isnull", False),
                        models.Q(("approved_by", models.F("requested_by")), _negated=True),
                        models.Q(("approved_by", models.F("user")), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="two_people_erase_a_third",
            ),
        ),
        migrations.AddConstraint(
            model_name="erasure",
            constraint=models.CheckConstraint(
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
                name="an_erasure_is_approved_within_a_day",
            ),
        ),
        migrations.AddConstraint(
            model_name="erasure",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("due_at__isnull", True),
                    ("requested_by", models.F("user")),
                    ("approved_by__isnull", False),
                    _connector="OR",
                ),
                name="an_erasure_is_the_persons_or_two_operators",
            ),
        ),
        migrations.AddConstraint(
            model_name="erasure",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("done_at__isnull", True),
                    models.Q(("due_at__lte", models.F("done_at")), ("withdrawn_at__isnull", True)),
                    _connector="OR",
                ),
                name="an_erasure_waits_until_it_is_due",
            ),
        ),
        migrations.AddConstraint(
            model_name="erasure",
            constraint=models.UniqueConstraint(
                condition=models.Q(("done_at__isnull", True), ("withdrawn_at__isnull", True)),
                fields=("user",),
                name="one_open_erasure_per_person",
            ),
        ),
        migrations.RunSQL(
            sql=(Path(__file__).parent / "sql" / "peoples_own_data.sql").read_text(),
            reverse_sql=UNDO,
        ),
    ]
