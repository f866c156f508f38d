"""Announcements, notes on people and complaints: what was said is kept as it was said."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

HISTORY = ("announcementclosing", "personnote", "complaintstep")
RULES = (
    "".join(
        f"""
CREATE TRIGGER {table}s_are_append_only BEFORE UPDATE OR DELETE ON copytrading_{table}
    FOR EACH ROW EXECUTE FUNCTION refuse_to_rewrite_history();
"""
        for table in HISTORY
    )
    + """
-- Of an announcement only that it was told, and that it was ended, is noted afterwards, each once.
CREATE FUNCTION refuse_to_rewrite_an_announcement() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF to_jsonb(NEW) - '{told_at,ended_at,ended_by_id}'::text[]
        IS DISTINCT FROM to_jsonb(OLD) - '{told_at,ended_at,ended_by_id}'::text[]
        OR (OLD.told_at IS NOT NULL AND NEW.told_at IS DISTINCT FROM OLD.told_at)
        OR (OLD.ended_at IS NOT NULL
            AND (NEW.ended_at, NEW.ended_by_id) IS DISTINCT FROM (OLD.ended_at, OLD.ended_by_id)) THEN
        RAISE EXCEPTION 'What was announced stays as it is: end it and write another.'
            USING ERRCODE = 'restrict_violation', CONSTRAINT = 'an_announcement_stays';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER an_announcement_stays BEFORE UPDATE ON copytrading_announcement
    FOR EACH ROW EXECUTE FUNCTION refuse_to_rewrite_an_announcement();
CREATE TRIGGER announcements_are_kept BEFORE DELETE ON copytrading_announcement
    FOR EACH ROW EXECUTE FUNCTION refuse_to_rewrite_history();

-- What somebody complained of, when, and by when it was to be acknowledged, stays; so does a closed complaint.
CREATE FUNCTION refuse_to_rewrite_a_complaint() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.status = 'CLOSED'
        OR (NEW.id, NEW.user_id, NEW.copy_id, NEW.subject, NEW.text, NEW.idempotency_key, NEW.received_at,
            NEW.acknowledge_by) IS DISTINCT FROM
        (OLD.id, OLD.user_id, OLD.copy_id, OLD.subject, OLD.text, OLD.idempotency_key, OLD.received_at,
            OLD.acknowledge_by)
        OR (OLD.acknowledged_at IS NOT NULL AND NEW.acknowledged_at IS DISTINCT FROM OLD.acknowledged_at) THEN
        RAISE EXCEPTION 'What somebody complained of stays as it is.'
            USING ERRCODE = 'restrict_violation', CONSTRAINT = 'a_complaint_stays';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER a_complaint_stays BEFORE UPDATE ON copytrading_complaint
    FOR EACH ROW EXECUTE FUNCTION refuse_to_rewrite_a_complaint();
CREATE TRIGGER complaints_are_kept BEFORE DELETE ON copytrading_complaint
    FOR EACH ROW EXECUTE FUNCTION refuse_to_rewrite_history();
"""
)
UNDO = (
    "".join(f"DROP TRIGGER {table}s_are_append_only ON copytrading_{table};\n" for table in HISTORY)
    + """
DROP TRIGGER complaints_are_kept ON copytrading_complaint;
DROP TRIGGER a_complaint_stays ON copytrading_complaint;
DROP FUNCTION refuse_to_rewrite_a_complaint();
DROP TRIGGER announcements_are_kept ON copytrading_announcement;
DROP TRIGGER an_announcement_stays ON copytrading_announcement;
DROP FUNCTION refuse_to_rewrite_an_announcement();
"""
)


class Migration(migrations.Migration):
    dependencies = [
        ("copytrading", "0056_pages_as_people_see_them"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AlterField(
            model_name="alarm",
            name="kind",
            field=models.CharField(
                choices=[
                    ("CUSTODY_DIFFERS", "ledger and custody differ"),
                    ("SURPLUS", "the venue keeps more than anybody owns"),
                    ("TRANSFER_REVERSED", "the exchange took a deposit or withdrawal back"),
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
                    ("TRANSFER_STUCK", "a deposit or a withdrawal cannot be finished"),
                    ("LEAD_SET_ASIDE", "a lead was set aside after failures"),
                    ("RESTORED", "the database was restored, and the venue has gone on since"),
                    ("PROCESS_SILENT", "a process of the platform is silent"),
                    ("COMPLAINT_OVERDUE", "the time for a complaint has run out"),
                ],
                max_length=20,
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
            name="Announcement",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("title", models.CharField(max_length=120)),
                ("text", models.CharField(max_length=1000)),
                ("title_de", models.CharField(blank=True, max_length=120)),
                ("text_de", models.CharField(blank=True, max_length=1000)),
                (
                    "level",
                    models.CharField(choices=[("INFORMATION", "information"), ("WARNING", "warning")], max_length=11),
                ),
                (
                    "audience",
                    models.CharField(
                        choices=[
                            ("EVERYBODY", "everybody"),
                            ("FOLLOWERS", "followers with a copy that has not stopped"),
                            ("LEADS", "leads who run"),
                        ],
                        max_length=9,
                    ),
                ),
                ("holds_from", models.DateTimeField()),
                ("holds_until", models.DateTimeField()),
                ("is_told", models.BooleanField()),
                ("told_at", models.DateTimeField(null=True)),
                ("written_at", models.DateTimeField()),
                ("ended_at", models.DateTimeField(null=True)),
                (
                    "ended_by",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "written_by",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
        ),
        migrations.AddField(
            model_name="notice",
            name="announcement",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="copytrading.announcement",
            ),
        ),
        migrations.CreateModel(
            name="AnnouncementClosing",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("closed_at", models.DateTimeField()),
                (
                    "announcement",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="closings",
                        to="copytrading.announcement",
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
            ],
        ),
        migrations.CreateModel(
            name="Complaint",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("subject", models.CharField(max_length=120)),
                ("text", models.CharField(max_length=4000)),
                ("idempotency_key", models.CharField(max_length=80)),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("RECEIVED", "received"),
                            ("ACKNOWLEDGED", "acknowledged"),
                            ("ANSWERED", "answered"),
                            ("REOPENED", "reopened"),
                            ("CLOSED", "closed"),
                        ],
                        default="RECEIVED",
                        max_length=12,
                    ),
                ),
                ("received_at", models.DateTimeField()),
                ("acknowledge_by", models.DateTimeField()),
                ("answer_by", models.DateTimeField()),
                ("acknowledged_at", models.DateTimeField(null=True)),
                ("answered_at", models.DateTimeField(null=True)),
                ("closed_at", models.DateTimeField(null=True)),
                (
                    "copy",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="copytrading.copy",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="complaints",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="ComplaintStep",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("ACKNOWLEDGED", "acknowledged"),
                            ("ANSWERED", "answered"),
                            ("REOPENED", "reopened"),
                            ("CLOSED", "closed"),
                        ],
                        max_length=12,
                    ),
                ),
                ("text", models.CharField(blank=True, max_length=4000)),
                ("taken_at", models.DateTimeField()),
                (
                    "complaint",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="steps", to="copytrading.complaint"
                    ),
                ),
                (
                    "taken_by",
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
            name="PersonNote",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("text", models.CharField(max_length=1000)),
                ("written_at", models.DateTimeField()),
                (
                    "person",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "written_by",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "note on a person",
                "verbose_name_plural": "notes on people",
            },
        ),
        migrations.AddIndex(
            model_name="announcement",
            index=models.Index(
                condition=models.Q(("ended_at__isnull", True)), fields=["holds_until"], name="announcement_that_holds"
            ),
        ),
        migrations.AddConstraint(
            model_name="announcement",
            constraint=models.CheckConstraint(
                condition=models.Q(("holds_until__gt", models.F("holds_from"))),
                name="an_announcement_holds_for_a_while",
            ),
        ),
        migrations.AddConstraint(
            model_name="announcement",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("text_de", ""), ("title_de", "")),
                    models.Q(models.Q(("title_de", ""), _negated=True), models.Q(("text_de", ""), _negated=True)),
                    _connector="OR",
                ),
                name="an_announcement_is_whole_in_a_language",
            ),
        ),
        migrations.AddConstraint(
            model_name="announcement",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("ended_at__isnull", True), ("ended_by__isnull", True)),
                    models.Q(("ended_at__isnull", False), ("ended_by__isnull", False)),
                    _connector="OR",
                ),
                name="an_announcement_is_ended_by_somebody",
            ),
        ),
        migrations.AddConstraint(
            model_name="announcement",
            constraint=models.CheckConstraint(
                condition=models.Q(("told_at__isnull", True), ("is_told", True), _connector="OR"),
                name="what_is_told_is_wanted",
            ),
        ),
        migrations.AddConstraint(
            model_name="announcementclosing",
            constraint=models.UniqueConstraint(
                fields=("announcement", "user"), name="an_announcement_is_closed_once_a_person"
            ),
        ),
        migrations.AddIndex(
            model_name="complaint",
            index=models.Index(fields=["user", "-id"], name="complaint_of_user"),
        ),
        migrations.AddIndex(
            model_name="complaint",
            index=models.Index(
                condition=models.Q(("status__in", ["RECEIVED", "ACKNOWLEDGED", "REOPENED"])),
                fields=["answer_by"],
                name="complaint_that_waits",
            ),
        ),
        migrations.AddIndex(
            model_name="complaint",
            index=models.Index(
                condition=models.Q(("status", "ANSWERED")), fields=["answered_at"], name="complaint_answered"
            ),
        ),
        migrations.AddConstraint(
            model_name="complaint",
            constraint=models.UniqueConstraint(fields=("user", "idempotency_key"), name="one_complaint_per_key"),
        ),
        migrations.AddConstraint(
            model_name="complaint",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("acknowledged_at__isnull", True), ("status", "RECEIVED")),
                    models.Q(models.Q(("status", "RECEIVED"), _negated=True), ("acknowledged_at__isnull", False)),
                    _connector="OR",
                ),
                name="a_complaint_is_acknowledged_first",
            ),
        ),
        migrations.AddConstraint(
            model_name="complaint",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("answered_at__isnull", True), ("status__in", ["RECEIVED", "ACKNOWLEDGED"])),
                    models.Q(("answered_at__isnull", False), ("status__in", ["ANSWERED", "REOPENED", "CLOSED"])),
                    _connector="OR",
                ),
                name="a_complaint_is_answered_before_it_ends",
            ),
        ),
        migrations.AddConstraint(
            model_name="complaint",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("status", "CLOSED"), ("closed_at__isnull", False)),
                    models.Q(models.Q(("status", "CLOSED"), _negated=True), ("closed_at__isnull", True)),
                    _connector="OR",
                ),
                name="a_closed_complaint_has_its_time",
            ),
        ),
        migrations.AddConstraint(
            model_name="complaintstep",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("kind__in", ["ACKNOWLEDGED", "CLOSED"]), ("text", "")),
                    models.Q(("kind__in", ["ANSWERED", "REOPENED"]), models.Q(("text", ""), _negated=True)),
                    _connector="OR",
                ),
                name="an_answer_says_something",
            ),
        ),
        migrations.AddConstraint(
            model_name="complaintstep",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind", "CLOSED"), ("taken_by__isnull", False), _connector="OR"),
                name="only_the_clock_is_nobody",
            ),
        ),
        migrations.AddIndex(
            model_name="personnote",
            index=models.Index(fields=["person", "-id"], name="note_of_person"),
        ),
        migrations.AddConstraint(
            model_name="personnote",
            constraint=models.CheckConstraint(
                condition=models.Q(("person", models.F("written_by")), _negated=True),
                name="nobody_writes_a_note_on_themselves",
            ),
        ),
        migrations.RunSQL(sql=RULES, reverse_sql=UNDO),
    ]
