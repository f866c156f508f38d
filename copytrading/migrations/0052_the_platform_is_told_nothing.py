"""The holder of the reference copies is no person: a notice that would be theirs is not written."""

from django.db import migrations

READERS = """
    CREATE OR REPLACE FUNCTION copytrading_give_notice_its_reader() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF NEW.copy_id IS NOT NULL THEN
            NEW.user_id := (SELECT follower_id FROM copytrading_copy WHERE id = NEW.copy_id);
        END IF;
        IF EXISTS (SELECT FROM copytrading_referenceholder WHERE user_id = NEW.user_id) THEN
            RETURN NULL;
        END IF;
        RETURN NEW;
    END $$;
"""
ALL_READERS = """
    CREATE OR REPLACE FUNCTION copytrading_give_notice_its_reader() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF NEW.copy_id IS NOT NULL THEN
            NEW.user_id := (SELECT follower_id FROM copytrading_copy WHERE id = NEW.copy_id);
        END IF;
        RETURN NEW;
    END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("copytrading", "0051_reference_copies")]

    operations = [migrations.RunSQL(READERS, ALL_READERS)]
