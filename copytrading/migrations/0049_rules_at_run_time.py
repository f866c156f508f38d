"""Rules that change while the platform runs, by two people; how long a venue took; who may see reports."""

import datetime

import django.db.models.deletion
import django.db.models.expressions
from django.conf import settings
from django.db import migrations, models

# The rule about independent people is accounts' own; what was decided stays, and what was asked for is what is decided.
RULES = """
CREATE TRIGGER approver_is_independent BEFORE INSERT OR UPDATE OF approved_by_id ON copytrading_rulechange
    FOR EACH ROW EXECUTE FUNCTION refuse_dependent_approver();

CREATE FUNCTION refuse_to_rewrite_a_rule() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.holds_from IS NOT NULL OR OLD.withdrawn_at IS NOT NULL THEN
        RAISE EXCEPTION 'What was decided about a rule stays as it is: ask anew.'
            USING ERRCODE = 'restrict_violation', CONSTRAINT = 'a_rule_is_decided_once';
    END IF;
    IF (NEW.id, NEW.name, NEW.value, NEW.reason, NEW.requested_by_id, NEW.requested_at)
        IS DISTINCT FROM (OLD.id, OLD.name, OLD.value, OLD.reason, OLD.requested_by_id, OLD.requested_at) THEN
        RAISE EXCEPTION 'What was asked for stays as it is: ask anew.'
            USING ERRCODE = 'restrict_violation', CONSTRAINT = 'a_rule_is_asked_once';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER a_rule_is_decided_once BEFORE UPDATE ON copytrading_rulechange
    FOR EACH ROW EXECUTE FUNCTION refuse_to_rewrite_a_rule();
CREATE TRIGGER rules_are_append_only BEFORE DELETE ON copytrading_rulechange
    FOR EACH ROW EXECUTE FUNCTION refuse_to_rewrite_history();
"""
UNDO = """
DROP TRIGGER rules_are_append_only ON copytrading_rulechange;
DROP TRIGGER a_rule_is_decided_once ON copytrading_rulechange;
DROP FUNCTION refuse_to_rewrite_a_rule();
DROP TRIGGER approver_is_independent ON copytrading_rulechange;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0015_journals_of_a_day"),
        ("copytrading", "0048_what_strangers_see"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AlterModelOptions(
            name="order",
            options={
                "permissions": (
                    ("see_daily_close", "Can see the daily close"),
                    ("see_execution", "Can see how orders were executed"),
                    ("see_suspicions", "Can see which leads are suspicious"),
                )
            },
        ),
        migrations.AddField(
            model_name="order",
            name="answer_milliseconds",
            field=models.PositiveIntegerField(null=True),
        ),
        migrations.CreateModel(
            name="RuleChange",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=40)),
                ("value", models.CharField(blank=True, max_length=40)),
                ("reason", models.CharField(max_length=200)),
                ("requested_at", models.DateTimeField()),
                ("approved_at", models.DateTimeField(blank=True, null=True)),
                ("withdrawn_at", models.DateTimeField(blank=True, null=True)),
                ("holds_from", models.DateTimeField(blank=True, null=True)),
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
                    "requested_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("holds_from__isnull", False)),
                        fields=["name", "-id"],
                        name="rule_that_holds",
                    )
                ],
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
                        name="two_people_change_a_rule",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("holds_from__isnull", True),
                            models.Q(("approved_at", models.F("holds_from")), ("approved_at__isnull", False)),
                            (
                                "name__in",
                                [
                                    "cycle_spacing_seconds",
                                    "failures_max",
                                    "link_check_seconds",
                                    "link_look_seconds",
                                    "link_retry_seconds",
                                    "reconcile_seconds",
                                    "repair_seconds",
                                ],
                            ),
                            _connector="OR",
                        ),
                        name="a_rule_about_money_holds_once_approved",
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
                        name="a_rule_is_approved_within_a_day",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("holds_from__isnull", True), ("withdrawn_at__isnull", True), _connector="OR"
                        ),
                        name="a_rule_holds_or_is_withdrawn",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("holds_from__isnull", True), ("withdrawn_at__isnull", True)),
                        fields=("name",),
                        name="one_open_change_per_rule",
                    ),
                ],
            },
        ),
        migrations.RunSQL(sql=RULES, reverse_sql=UNDO),
    ]
