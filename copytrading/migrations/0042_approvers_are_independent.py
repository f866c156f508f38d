"""Corrections and verdicts on coins are approved by somebody who depends on nobody: the rule is accounts' own."""

from django.db import migrations

TABLES = ("copytrading_correction", "copytrading_coinverdict")
RULE = """
CREATE TRIGGER approver_is_independent BEFORE INSERT OR UPDATE OF approved_by_id ON {table}
    FOR EACH ROW EXECUTE FUNCTION refuse_dependent_approver()
"""


class Migration(migrations.Migration):
    dependencies = (("copytrading", "0041_calm_leads"), ("accounts", "0014_two_people_and_audit"))

    operations = tuple(
        migrations.RunSQL(sql=RULE.format(table=table), reverse_sql=f"DROP TRIGGER approver_is_independent ON {table}")
        for table in TABLES
    )
