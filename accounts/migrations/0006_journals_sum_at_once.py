"""A journal is found balanced where its lines arrive; see the SQL beside this file."""

import re
from pathlib import Path

from django.db import migrations

SQL = Path(__file__).parent / "sql"


def as_sealed() -> str:
    """Return the two functions as the migration that sealed the ledger made them."""
    text = (SQL / "seal_the_ledger.sql").read_text()
    functions = re.findall(r"CREATE FUNCTION (?:require_balanced|add_postings).*?END \$\$;", text, flags=re.DOTALL)
    # Their settings go with the replaced body.
    return "\n".join(function.replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION") for function in functions)


class Migration(migrations.Migration):
    dependencies = (("accounts", "0005_coins_counted_anew"),)

    operations = (migrations.RunSQL(sql=(SQL / "journals_sum_at_once.sql").read_text(), reverse_sql=as_sealed()),)
