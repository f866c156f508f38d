"""
The role the running platform works under.

Migrations run as the owner of the tables. Web, worker, beat and feed run as `smartsync_runtime`, which may read and
write everything except history: it can neither change nor remove a journal or a posting, nor set what a balance has
posted. A trigger says the same, so both would have to fail.
"""

from typing import Any

from django.db import connection, transaction
from django.db.utils import ProgrammingError

RUNTIME_ROLE = "smartsync_runtime"

GRANTS = f"""
GRANT {RUNTIME_ROLE} TO CURRENT_USER;
GRANT USAGE ON SCHEMA public TO {RUNTIME_ROLE};
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {RUNTIME_ROLE};
GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {RUNTIME_ROLE};
REVOKE UPDATE, DELETE ON accounts_journal, accounts_posting FROM {RUNTIME_ROLE};
REVOKE UPDATE, DELETE, INSERT ON accounts_balance FROM {RUNTIME_ROLE};
GRANT UPDATE (held) ON accounts_balance TO {RUNTIME_ROLE};
GRANT INSERT (ledger_account_id, asset_id, may_be_negative) ON accounts_balance TO {RUNTIME_ROLE};
"""


def grant_runtime_role(*, using: str, verbosity: int = 0, **_: Any) -> None:
    """
    Create the runtime role and give it what it may do. Called after every `migrate`.

    A managed database may not allow the creation of roles: then the triggers stand alone, and `migrate` says so.
    """
    if connection.alias != using or "accounts_balance" not in connection.introspection.table_names():
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [RUNTIME_ROLE])
        exists = cursor.fetchone()
        try:
            with transaction.atomic(using=using):
                if not exists:
                    cursor.execute(f"CREATE ROLE {RUNTIME_ROLE} NOLOGIN")
                cursor.execute(GRANTS)
        except ProgrammingError as refusal:
            if verbosity:
                print(f"The role {RUNTIME_ROLE} could not be set up ({refusal}); leave DATABASE_ROLE empty.")
