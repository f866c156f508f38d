"""Notices of one's own data and of withdrawals that wait; and what of the records of checks an erasure takes out."""

from django.db import migrations, models

# What was asked of a check, decided and changed stays as it is, but for the address and the words of somebody who is
# erased by now. And a question without a case is forgotten once it is old, by who says that this is what is being done.
RULES = """
CREATE FUNCTION refuse_to_rewrite_a_question() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' AND current_setting('smartsync.forgetting', TRUE) = 'on'
        AND OLD.asked_at < now() - interval '30 days' THEN
        RETURN OLD;
    END IF;
    IF TG_OP = 'UPDATE' AND NEW.sentence = '' AND is_erased_address(NEW.email)
        AND to_jsonb(NEW) - 'email' - 'sentence' = to_jsonb(OLD) - 'email' - 'sentence' THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'What a check was asked and said stays as it is.'
        USING ERRCODE = 'restrict_violation', CONSTRAINT = 'questions_are_append_only';
END $$;
DROP TRIGGER gatequestions_are_append_only ON copytrading_gatequestion;
CREATE TRIGGER gatequestions_are_append_only BEFORE UPDATE OR DELETE ON copytrading_gatequestion
    FOR EACH ROW EXECUTE FUNCTION refuse_to_rewrite_a_question();

CREATE FUNCTION refuse_to_rewrite_a_jurisdiction() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND NEW.reason = '' AND to_jsonb(NEW) - 'reason' = to_jsonb(OLD) - 'reason'
        AND (SELECT is_erased_address(email) FROM accounts_user WHERE id = OLD.user_id) THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'Whose rules counted for whom stays as it is.'
        USING ERRCODE = 'restrict_violation', CONSTRAINT = 'jurisdictions_are_append_only';
END $$;
DROP TRIGGER jurisdictionchanges_are_append_only ON copytrading_jurisdictionchange;
CREATE TRIGGER jurisdictionchanges_are_append_only BEFORE UPDATE OR DELETE ON copytrading_jurisdictionchange
    FOR EACH ROW EXECUTE FUNCTION refuse_to_rewrite_a_jurisdiction();

CREATE OR REPLACE FUNCTION refuse_to_rewrite_a_case() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.reason = '' AND is_erased_address(NEW.email)
        AND to_jsonb(NEW) - 'email' - 'reason' = to_jsonb(OLD) - 'email' - 'reason' THEN
        RETURN NEW;
    END IF;
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
"""
UNDO = """
DROP TRIGGER gatequestions_are_append_only ON copytrading_gatequestion;
CREATE TRIGGER gatequestions_are_append_only BEFORE UPDATE OR DELETE ON copytrading_gatequestion
    FOR EACH ROW EXECUTE FUNCTION refuse_to_rewrite_history();
DROP FUNCTION refuse_to_rewrite_a_question();
DROP TRIGGER jurisdictionchanges_are_append_only ON copytrading_jurisdictionchange;
CREATE TRIGGER jurisdictionchanges_are_append_only BEFORE UPDATE OR DELETE ON copytrading_jurisdictionchange
    FOR EACH ROW EXECUTE FUNCTION refuse_to_rewrite_history();
DROP FUNCTION refuse_to_rewrite_a_jurisdiction();
CREATE OR REPLACE FUNCTION refuse_to_rewrite_a_case() RETURNS trigger LANGUAGE plpgsql AS $$
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
"""


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0018_peoples_own_data"),
        ("copytrading", "0058_what_copies_hold_together"),
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
        migrations.RunSQL(sql=RULES, reverse_sql=UNDO),
    ]
