"""
The role the running platform works under.

Migrations run as the owner of the tables. Web, worker, beat and feed run as `smartsync_runtime`, which may read and
write everything except history: it can neither change nor remove a journal or a posting, nor set or open a balance, and
a hold it can only release. Triggers say the same, so both would have to fail. What a key was used for, the audit and
who made whom an operator it cannot change either; of an erased person's keys it may empty the words, which a trigger
looks at.
"""

from typing import Any

from django.db import connection, transaction
from django.db.utils import ProgrammingError

RUNTIME_ROLE = "smartsync_runtime"

# Roles belong to the whole server: a platform beside this one may create it in the same moment.
CREATION = f"""
DO $$ BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{RUNTIME_ROLE}') THEN
        BEGIN
            CREATE ROLE {RUNTIME_ROLE} NOLOGIN;
        EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
        END;
    END IF;
END $$
"""
GRANTS = f"""
GRANT {RUNTIME_ROLE} TO CURRENT_USER;
GRANT USAGE ON SCHEMA public TO {RUNTIME_ROLE};
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {RUNTIME_ROLE};
GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {RUNTIME_ROLE};
REVOKE UPDATE, DELETE ON accounts_journal, accounts_posting, accounts_requestkey FROM {RUNTIME_ROLE};
REVOKE UPDATE, DELETE ON accounts_auditentry, accounts_vouching FROM {RUNTIME_ROLE};
REVOKE INSERT, UPDATE, DELETE ON accounts_audithead FROM {RUNTIME_ROLE};
REVOKE DELETE ON accounts_operatorrequest FROM {RUNTIME_ROLE};
REVOKE UPDATE, DELETE, INSERT ON accounts_balance FROM {RUNTIME_ROLE};
REVOKE UPDATE, DELETE ON accounts_hold FROM {RUNTIME_ROLE};
GRANT UPDATE (words) ON accounts_requestkey TO {RUNTIME_ROLE};
GRANT UPDATE (released_at) ON accounts_hold TO {RUNTIME_ROLE};
"""


def grant_runtime_role(*, using: str, verbosity: int = 0, **_: Any) -> None:
    """
    Create the runtime role and give it what it may do. Called after every `migrate`.

    A managed database may not allow the creation of roles: then the triggers stand alone, and `migrate` says so.
    """
    named = {"accounts_balance", "accounts_requestkey", "accounts_auditentry"}
    if connection.alias != using or not named <= set(connection.introspection.table_names()):
        return
    with connection.cursor() as cursor:
        try:
            with transaction.atomic(using=using):
                cursor.execute(CREATION)
                cursor.execute(GRANTS)
        except ProgrammingError as refusal:
            if verbosity:
                print(f"The role {RUNTIME_ROLE} could not be set up ({refusal}); leave DATABASE_ROLE empty.")
