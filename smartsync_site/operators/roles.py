"""
The roles that operators can have, as groups: what each may look at and do. They come with every `migrate`.

    support      looks at people, their copies and their money, and at their own pages as they see them; deals with
                 complaints
    risk         pauses, halts, stops, clears alarms, judges coins, changes rules, looks for suspicious leads, announces
    finance      asks for and approves corrections of the ledger, deposits and withdrawals, changes rules, closes days
    compliance   looks at everything, at every report and at people's own pages as they see them, takes the audit along,
                 decides what checks leave to operators, changes whose rules count for somebody, deals with complaints,
                 has archives packed on people's behalf, asks for and approves their erasure
    admin        asks for and approves changes of people's rights and sign-in, and their erasure, sees the figures for
                 machines, announces

Every role writes notes on people.

Who gives somebody a role is two operators, see `accounts.approvals`; what a role may is this table and nobody's to
change by hand.
"""

from typing import Any

from django.apps import apps
from django.contrib.auth.models import Group, Permission
from django.db import transaction

# What support looks at: people's own, and nothing of the operators' among themselves.
OF_PEOPLE = (
    "accounts.user", "accounts.transfer", "accounts.ledgeraccount", "accounts.balance", "accounts.posting",
    "accounts.journal", "accounts.hold", "accounts.asset", "accounts.requestkey", "accounts.idempotentrequest",
    "accounts.device", "accounts.refreshtoken", "accounts.programkey",
    "accounts.archive", "accounts.erasure",
    "copytrading.*",
)  # fmt: skip
OPERATORS_OWN = (
    "admin.logentry",
    "accounts.auditentry",
    "accounts.operatorrequest",
    "accounts.vouching",
    "auth.group",
    "accounts.audithead",
)

# For each role: the tables it looks at, the tables it acts on, and what else it may.
ROLES: dict[str, tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]] = {
    "support": (OF_PEOPLE, ("copytrading.complaint", "copytrading.personnote"), ("copytrading.see_as_customer",)),
    "risk": (
        OF_PEOPLE,
        (
            "copytrading.alarm",
            "copytrading.announcement",
            "copytrading.coinverdict",
            "copytrading.copy",
            "copytrading.halt",
            "copytrading.lead",
            "copytrading.mark",
            "copytrading.market",
            "copytrading.personnote",
            "copytrading.rulechange",
        ),
        ("copytrading.see_execution", "copytrading.see_suspicions"),
    ),
    "finance": (
        OF_PEOPLE,
        (
            "copytrading.correction",
            "copytrading.custodydifference",
            "copytrading.personnote",
            "copytrading.rulechange",
            "accounts.transfer",
        ),
        ("copytrading.see_daily_close", "copytrading.see_execution", "copytrading.see_rebates"),
    ),
    "compliance": (
        (*OF_PEOPLE, *OPERATORS_OWN),
        (
            "accounts.archive",
            "accounts.erasure",
            "copytrading.complaint",
            "copytrading.gatecase",
            "copytrading.jurisdictionchange",
            "copytrading.personnote",
        ),
        (
            "accounts.export_audit",
            "copytrading.see_as_customer",
            "copytrading.see_daily_close",
            "copytrading.see_execution",
            "copytrading.see_rebates",
            "copytrading.see_suspicions",
        ),
    ),
    "admin": (
        (*OF_PEOPLE, *OPERATORS_OWN),
        ("accounts.operatorrequest", "accounts.erasure", "copytrading.announcement", "copytrading.personnote"),
        ("accounts.see_metrics",),
    ),
}


def rights_of(role: str) -> set[str]:
    """Return what a role may, as `app.codename`."""
    looks_at, acts_on, besides = ROLES[role]
    tables = [f"{model._meta.app_label}.{model._meta.model_name}" for model in apps.get_models()]
    seen = {table for table in tables for named in looks_at if named in (table, f"{table.split('.')[0]}.*")}
    return (
        {"{}.view_{}".format(*table.split(".")) for table in seen}
        | {"{}.change_{}".format(*table.split(".")) for table in acts_on}
        | set(besides)
    )


def roles_that_act() -> dict[str, tuple[str, ...]]:
    """Return who acts on each table that somebody acts on, as {"copytrading.halt": ("risk",)}."""
    tables = sorted({table for _, acts_on, _ in ROLES.values() for table in acts_on})
    return {table: tuple(role for role, (_, acts_on, _) in ROLES.items() if table in acts_on) for table in tables}


def ship_roles(*, using: str = "default", **_: Any) -> None:
    """Make the groups, and give each exactly what the table says. Called after every `migrate`."""
    known = {f"{one.content_type.app_label}.{one.codename}": one for one in _rights(using)}
    if not {"accounts.see_metrics", "copytrading.view_rulechange"} <= set(known):
        return  # the tables are not all there yet
    with transaction.atomic(using=using):
        for role in ROLES:
            group, _is_new = Group.objects.using(using).get_or_create(name=role)
            group.permissions.set([known[right] for right in sorted(rights_of(role)) if right in known])


def _rights(using: str) -> Any:
    return Permission.objects.using(using).select_related("content_type")
