"""Complaints and notes stay as they are, but for the words by and about somebody who is erased by now."""

from django.db import migrations

# The same words for all: a dash, as an answer has to say something.
RULES = """
CREATE FUNCTION takes_words_out(old jsonb, new jsonb, person bigint) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT new - '{subject,text}'::text[] = old - '{subject,text}'::text[]
        AND coalesce(new ->> 'subject', '–') = '–' AND new ->> 'text' = '–'
        AND (SELECT is_erased_address(email) FROM accounts_user WHERE id = person)
$$;
DROP TRIGGER a_complaint_stays ON copytrading_complaint;
CREATE TRIGGER a_complaint_stays BEFORE UPDATE ON copytrading_complaint FOR EACH ROW
    WHEN (NOT takes_words_out(to_jsonb(OLD), to_jsonb(NEW), OLD.user_id))
    EXECUTE FUNCTION refuse_to_rewrite_a_complaint();

DROP TRIGGER personnotes_are_append_only ON copytrading_personnote;
CREATE TRIGGER personnotes_are_append_only BEFORE UPDATE ON copytrading_personnote FOR EACH ROW
    WHEN (NOT takes_words_out(to_jsonb(OLD), to_jsonb(NEW), OLD.person_id))
    EXECUTE FUNCTION refuse_to_rewrite_history();
CREATE TRIGGER personnotes_are_kept BEFORE DELETE ON copytrading_personnote
    FOR EACH ROW EXECUTE FUNCTION refuse_to_rewrite_history();

CREATE FUNCTION complained_by(complaint bigint) RETURNS bigint LANGUAGE sql STABLE AS $$
    SELECT user_id FROM copytrading_complaint WHERE id = complaint
$$;
DROP TRIGGER complaintsteps_are_append_only ON copytrading_complaintstep;
CREATE TRIGGER complaintsteps_are_append_only BEFORE UPDATE ON copytrading_complaintstep FOR EACH ROW
    WHEN (NOT takes_words_out(to_jsonb(OLD), to_jsonb(NEW), complained_by(OLD.complaint_id)))
    EXECUTE FUNCTION refuse_to_rewrite_history();
CREATE TRIGGER complaintsteps_are_kept BEFORE DELETE ON copytrading_complaintstep
    FOR EACH ROW EXECUTE FUNCTION refuse_to_rewrite_history();
"""
UNDO = """
DROP TRIGGER complaintsteps_are_kept ON copytrading_complaintstep;
DROP TRIGGER complaintsteps_are_append_only ON copytrading_complaintstep;
DROP FUNCTION complained_by(bigint);
DROP TRIGGER personnotes_are_kept ON copytrading_personnote;
DROP TRIGGER personnotes_are_append_only ON copytrading_personnote;
DROP TRIGGER a_complaint_stays ON copytrading_complaint;
DROP FUNCTION takes_words_out(jsonb, jsonb, bigint);
CREATE TRIGGER a_complaint_stays BEFORE UPDATE ON copytrading_complaint
    FOR EACH ROW EXECUTE FUNCTION refuse_to_rewrite_a_complaint();
CREATE TRIGGER personnotes_are_append_only BEFORE UPDATE OR DELETE ON copytrading_personnote
    FOR EACH ROW EXECUTE FUNCTION refuse_to_rewrite_history();
CREATE TRIGGER complaintsteps_are_append_only BEFORE UPDATE OR DELETE ON copytrading_complaintstep
    FOR EACH ROW EXECUTE FUNCTION refuse_to_rewrite_history();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0018_peoples_own_data"),
        ("copytrading", "0059_peoples_own_data"),
    ]

    operations = [
        migrations.RunSQL(sql=RULES, reverse_sql=UNDO),
    ]
