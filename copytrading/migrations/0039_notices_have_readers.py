"""Who reads a notice that was written before, and that the database says whose one of a copy is."""

from django.db import migrations

# What is old was there to be seen: it rings no bell and is not sent to anybody now.
FILL = """
    UPDATE copytrading_notice AS notice
    SET user_id = copy.follower_id, read_at = notice.noted_at, spread_at = notice.noted_at
    FROM copytrading_copy AS copy WHERE copy.id = notice.copy_id AND notice.user_id IS NULL
"""
TRIGGER = """
    CREATE FUNCTION copytrading_give_notice_its_reader() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF NEW.copy_id IS NOT NULL THEN
            NEW.user_id := (SELECT follower_id FROM copytrading_copy WHERE id = NEW.copy_id);
        END IF;
        RETURN NEW;
    END $$;
    CREATE TRIGGER a_notice_of_a_copy_is_its_followers BEFORE INSERT OR UPDATE OF user_id, copy_id ON copytrading_notice
        FOR EACH ROW EXECUTE FUNCTION copytrading_give_notice_its_reader();
"""
NO_TRIGGER = """
    DROP TRIGGER a_notice_of_a_copy_is_its_followers ON copytrading_notice;
    DROP FUNCTION copytrading_give_notice_its_reader();
"""


class Migration(migrations.Migration):
    dependencies = [("copytrading", "0038_the_outbox")]

    operations = [
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
        migrations.RunSQL(TRIGGER, NO_TRIGGER),
    ]
