"""Who is let in: what checks were asked, what operators decided, what people accepted, answered and were told."""

import django.contrib.postgres.fields
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

HISTORY = ("gatequestion", "consentgiven", "suitabilityanswer", "firstwish", "lossfigure", "jurisdictionchange")
RULES = (
    "".join(
        f"""
CREATE TRIGGER {table}s_are_append_only BEFORE UPDATE OR DELETE ON copytrading_{table}
    FOR EACH ROW EXECUTE FUNCTION refuse_to_rewrite_history();
"""
        for table in HISTORY
    )
    + """
-- A case is decided once. Afterwards only its use is noted, and whose it is, where a sign-up had nobody yet.
CREATE FUNCTION refuse_to_rewrite_a_case() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (NEW.id, NEW.question_id, NEW.act, NEW.email, NEW.lead_id, NEW.units, NEW.idempotency_key, NEW.opened_at)
        IS DISTINCT FROM
        (OLD.id, OLD.question_id, OLD.act, OLD.email, OLD.lead_id, OLD.units, OLD.idempotency_key, OLD.opened_at)
        OR (OLD.user_id IS NOT NULL AND NEW.user_id IS DISTINCT FROM OLD.user_id) THEN
        RAISE EXCEPTION 'What a case is about stays as it is.'
            USING ERRCODE = 'restrict_violation', CONSTRAINT = 'a_case_is_asked_once';
    END IF;
    IF OLD.status <> 'OPEN' AND (NEW.status, NEW.decided_at, NEW.decided_by_id, NEW.reason, NEW.holds_until)
        IS DISTINCT FROM (OLD.status, OLD.decided_at, OLD.decided_by_id, OLD.reason, OLD.holds_until) THEN
        RAISE EXCEPTION 'What was decided stays as it is.'
            USING ERRCODE = 'restrict_violation', CONSTRAINT = 'a_case_is_decided_once';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER a_case_is_decided_once BEFORE UPDATE ON copytrading_gatecase
    FOR EACH ROW EXECUTE FUNCTION refuse_to_rewrite_a_case();
CREATE TRIGGER gatecases_are_kept BEFORE DELETE ON copytrading_gatecase
    FOR EACH ROW EXECUTE FUNCTION refuse_to_rewrite_history();

-- Of an admission only that it came to nothing is noted afterwards, once.
CREATE FUNCTION refuse_to_rewrite_an_admission() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.dropped_at IS NOT NULL OR to_jsonb(NEW) - 'dropped_at' IS DISTINCT FROM to_jsonb(OLD) - 'dropped_at' THEN
        RAISE EXCEPTION 'Whom we let in, and why, stays as it is.'
            USING ERRCODE = 'restrict_violation', CONSTRAINT = 'an_admission_stays';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER an_admission_stays BEFORE UPDATE ON copytrading_admission
    FOR EACH ROW EXECUTE FUNCTION refuse_to_rewrite_an_admission();
CREATE TRIGGER admissions_are_kept BEFORE DELETE ON copytrading_admission
    FOR EACH ROW EXECUTE FUNCTION refuse_to_rewrite_history();
"""
)
UNDO = (
    "".join(f"DROP TRIGGER {table}s_are_append_only ON copytrading_{table};\n" for table in HISTORY)
    + """
DROP TRIGGER admissions_are_kept ON copytrading_admission;
DROP TRIGGER an_admission_stays ON copytrading_admission;
DROP FUNCTION refuse_to_rewrite_an_admission();
DROP TRIGGER gatecases_are_kept ON copytrading_gatecase;
DROP TRIGGER a_case_is_decided_once ON copytrading_gatecase;
DROP FUNCTION refuse_to_rewrite_a_case();
"""
)


class Migration(migrations.Migration):
    dependencies = [
        ("copytrading", "0053_loss_limits"),
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
                    ("CHECK_PASSED", "a check was passed"),
                    ("CHECK_FAILED", "a check was not passed"),
                ],
                max_length=24,
            ),
        ),
        migrations.CreateModel(
            name="FirstWish",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("wished_at", models.DateTimeField()),
                (
                    "lead",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="copytrading.lead",
                    ),
                ),
                (
                    "user",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "first wishes",
            },
        ),
        migrations.CreateModel(
            name="GateQuestion",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("event_id", models.CharField(db_index=True, max_length=60)),
                (
                    "act",
                    models.CharField(
                        choices=[
                            ("SIGN_UP", "sign-up"),
                            ("DEPOSIT", "deposit"),
                            ("COPY", "start or increase of a copy"),
                            ("LEAD", "application as a lead"),
                            ("WITHDRAW", "withdrawal"),
                        ],
                        max_length=8,
                    ),
                ),
                ("email", models.EmailField(max_length=254)),
                ("units", models.BigIntegerField(null=True)),
                ("jurisdiction", models.CharField(blank=True, max_length=20)),
                (
                    "answer",
                    models.CharField(
                        choices=[("ALLOW", "allowed"), ("DENY", "denied"), ("ASK", "an operator decides")], max_length=5
                    ),
                ),
                ("sentence", models.CharField(blank=True, max_length=200)),
                ("trouble", models.CharField(blank=True, max_length=200)),
                ("milliseconds", models.PositiveIntegerField()),
                ("asked_at", models.DateTimeField()),
                ("holds_until", models.DateTimeField(null=True)),
                (
                    "lead",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="copytrading.lead",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="GateCase",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "act",
                    models.CharField(
                        choices=[
                            ("SIGN_UP", "sign-up"),
                            ("DEPOSIT", "deposit"),
                            ("COPY", "start or increase of a copy"),
                            ("LEAD", "application as a lead"),
                            ("WITHDRAW", "withdrawal"),
                        ],
                        max_length=8,
                    ),
                ),
                ("email", models.EmailField(max_length=254)),
                ("units", models.BigIntegerField(null=True)),
                ("idempotency_key", models.CharField(blank=True, max_length=80)),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("OPEN", "waits"),
                            ("ALLOWED", "allowed"),
                            ("DENIED", "denied"),
                            ("DROPPED", "nothing came of it"),
                        ],
                        default="OPEN",
                        max_length=7,
                    ),
                ),
                ("opened_at", models.DateTimeField()),
                ("decided_at", models.DateTimeField(null=True)),
                ("reason", models.CharField(blank=True, max_length=200)),
                ("holds_until", models.DateTimeField(null=True)),
                ("used_at", models.DateTimeField(null=True)),
                (
                    "decided_by",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "lead",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="copytrading.lead",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "question",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT, related_name="case", to="copytrading.gatequestion"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="JurisdictionChange",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("before", models.CharField(blank=True, max_length=20)),
                ("after", models.CharField(max_length=20)),
                ("reason", models.CharField(blank=True, max_length=200)),
                ("changed_at", models.DateTimeField()),
                (
                    "changed_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="LossFigure",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("counted_at", models.DateTimeField()),
                ("copies", models.PositiveIntegerField()),
                ("losing", models.PositiveIntegerField()),
            ],
            options={
                "indexes": [models.Index(fields=["-counted_at"], name="loss_figure_latest")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("losing__lte", models.F("copies"))), name="no_more_lose_than_there_are"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="SuitabilityAnswer",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("pack", models.CharField(max_length=20)),
                ("version", models.PositiveIntegerField()),
                (
                    "questions",
                    django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=40), size=None),
                ),
                (
                    "answers",
                    django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=40), size=None),
                ),
                ("points", models.IntegerField()),
                ("risk_max", models.PositiveSmallIntegerField()),
                ("invested_max_units", models.BigIntegerField(null=True)),
                ("share_max", models.FloatField(null=True)),
                ("answered_at", models.DateTimeField()),
                (
                    "user",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Admission",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("units", models.BigIntegerField()),
                ("idempotency_key", models.CharField(max_length=80)),
                ("pack", models.CharField(max_length=20)),
                ("risk", models.PositiveSmallIntegerField(null=True)),
                ("losing_percent", models.PositiveSmallIntegerField(null=True)),
                ("let_in_at", models.DateTimeField()),
                ("dropped_at", models.DateTimeField(null=True)),
                (
                    "lead",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="copytrading.lead",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "suitability",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="copytrading.suitabilityanswer",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="ConsentGiven",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("text", models.CharField(max_length=40)),
                ("version", models.CharField(max_length=20)),
                ("given_at", models.DateTimeField()),
                (
                    "user",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "consents given",
                "constraints": [
                    models.UniqueConstraint(fields=("user", "text", "version"), name="a_version_is_accepted_once")
                ],
            },
        ),
        migrations.AddIndex(
            model_name="gatequestion",
            index=models.Index(fields=["user", "act", "-id"], name="gate_question_of_user"),
        ),
        migrations.AddIndex(
            model_name="gatequestion",
            index=models.Index(
                condition=models.Q(("user__isnull", True)), fields=["email", "-id"], name="gate_question_of_sign_up"
            ),
        ),
        migrations.AddConstraint(
            model_name="gatequestion",
            constraint=models.CheckConstraint(
                condition=models.Q(("trouble", ""), ("answer", "DENY"), _connector="OR"), name="no_answer_is_a_denial"
            ),
        ),
        migrations.AddConstraint(
            model_name="gatequestion",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("holds_until__isnull", True),
                    models.Q(models.Q(("answer", "ASK"), _negated=True), ("trouble", "")),
                    _connector="OR",
                ),
                name="only_a_plain_answer_holds",
            ),
        ),
        migrations.AddConstraint(
            model_name="gatequestion",
            constraint=models.CheckConstraint(
                condition=models.Q(("act", "SIGN_UP"), ("user__isnull", False), _connector="OR"),
                name="an_act_is_somebodys",
            ),
        ),
        migrations.AddIndex(
            model_name="gatecase",
            index=models.Index(fields=["user", "act"], name="gate_case_of_user"),
        ),
        migrations.AddIndex(
            model_name="gatecase",
            index=models.Index(condition=models.Q(("act", "SIGN_UP")), fields=["email"], name="gate_case_of_sign_up"),
        ),
        migrations.AddIndex(
            model_name="gatecase",
            index=models.Index(condition=models.Q(("status", "OPEN")), fields=["opened_at"], name="gate_case_open"),
        ),
        migrations.AddConstraint(
            model_name="gatecase",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("decided_by__isnull", True), ("holds_until__isnull", True), ("status__in", ["OPEN", "DROPPED"])
                    ),
                    models.Q(
                        ("decided_at__isnull", False),
                        ("decided_by__isnull", False),
                        ("holds_until__isnull", False),
                        ("status__in", ["ALLOWED", "DENIED"]),
                    ),
                    _connector="OR",
                ),
                name="a_verdict_is_somebodys",
            ),
        ),
        migrations.AddConstraint(
            model_name="gatecase",
            constraint=models.CheckConstraint(
                condition=models.Q(("used_at__isnull", True), ("status", "ALLOWED"), _connector="OR"),
                name="only_what_is_allowed_is_used",
            ),
        ),
        migrations.AddConstraint(
            model_name="jurisdictionchange",
            constraint=models.CheckConstraint(
                condition=models.Q(("before", models.F("after")), _negated=True), name="a_change_changes_something"
            ),
        ),
        migrations.AddConstraint(
            model_name="jurisdictionchange",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("before", ""), models.Q(("changed_by", models.F("user")), _negated=True), _connector="OR"
                ),
                name="nobody_changes_their_own_jurisdiction",
            ),
        ),
        migrations.AddIndex(
            model_name="suitabilityanswer",
            index=models.Index(fields=["user", "-id"], name="suitability_of_user"),
        ),
        migrations.AddConstraint(
            model_name="suitabilityanswer",
            constraint=models.CheckConstraint(
                condition=models.Q(("questions__len", models.F("answers__len"))), name="each_question_is_answered"
            ),
        ),
        migrations.AddConstraint(
            model_name="suitabilityanswer",
            constraint=models.CheckConstraint(condition=models.Q(("risk_max__lte", 10)), name="risk_goes_to_ten"),
        ),
        migrations.AddIndex(
            model_name="admission",
            index=models.Index(fields=["user", "-id"], name="admission_of_user"),
        ),
        migrations.RunSQL(sql=RULES, reverse_sql=UNDO),
    ]
