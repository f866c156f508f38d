"""
The platform's rules, changed while it runs: one operator asks for a value, another one approves it within a day.

Where no money is lost by a rule, as by how often something is looked at, one operator is enough. What holds is read
anew by every verb at its beginning, so a cycle that is under way ends by the rules that it began with.
"""

from dataclasses import replace
from datetime import datetime
from typing import Any

from django.db import connection

from accounts.approvals import require_independent
from accounts.models import User
from accounts.models.operators import APPROVED_WITHIN
from accounts.transactions import in_transaction, owns_transaction
from copytrading.engine.rules import ALONE, RuleOutOfBounds, Rules, parse
from copytrading.models import RuleChange
from copytrading.queries.rules import CHANGEABLE, installed_rules, platform_rules
from copytrading.services.refusals import Refusal

REASON_LENGTH_MAX = 200


class RuleRefused(Refusal, code="rule_refused"):
    """The rule may not be that, is that already, or is being decided about."""


class OwnRule(Refusal, code="own_rule"):
    """Whoever asked for another rule cannot approve it."""


class RuleClosed(Refusal, code="rule_closed"):
    """The change of the rule is decided already, or its day is over."""


@owns_transaction
def request_rule(*, name: str, value: str, reason: str, by: User, now: datetime) -> RuleChange:
    """
    Ask for another value of a rule. It holds at once where one operator is enough, else nothing changes yet.

    :param value: as somebody wrote it; empty for what the installation says.
    :raises RuleRefused: if it is no value that the rule may have, no reason is given, nothing would change, or a
        request for this rule waits already.
    """
    if not reason.strip():
        raise RuleRefused("Say why: others have to decide about it, or to understand it later.", field="reason")
    if name not in CHANGEABLE:
        raise RuleRefused("There is no such rule, or it cannot be changed while the platform runs.", field="name")
    _lock_rules()
    wanted = _checked(name, value, holding=platform_rules(), installed=installed_rules())
    waiting = RuleChange.objects.filter(name=name, holds_from__isnull=True, withdrawn_at__isnull=True)
    # Nobody can approve those any more.
    waiting.filter(requested_at__lt=now - APPROVED_WITHIN).update(withdrawn_at=now)
    if waiting.exists():
        raise RuleRefused("A change of this rule waits for approval already: approve it, or withdraw it first.")
    return RuleChange.objects.create(
        name=name,
        value=wanted,
        reason=reason.strip()[:REASON_LENGTH_MAX],
        requested_by=by,
        requested_at=now,
        holds_from=now if name in ALONE else None,
    )


@owns_transaction
def approve_rule(*, change_id: int, by: User, now: datetime) -> RuleChange:
    """
    Let a change hold that somebody else asked for, once.

    :raises OwnRule: if it was asked for by the same person.
    :raises NotIndependent: if the approver depends on whoever asks, or on somebody since less than fourteen days.
    :raises RuleClosed: if it holds or was withdrawn, its day is over, or whoever asked is no operator any more.
    :raises RuleRefused: if other rules have changed meanwhile so that it does not fit any more.
    """
    _lock_rules()
    change = _open(change_id)
    if now - change.requested_at > APPROVED_WITHIN:
        raise RuleClosed("This request is older than a day: ask anew, so that it is about things as they are.")
    if change.requested_by_id == by.pk:
        raise OwnRule("You asked for this yourself; it takes a second operator to approve it.")
    require_independent(requester=change.requested_by, approver=by, now=now)
    if not (change.requested_by.is_active and change.requested_by.is_staff):
        raise RuleClosed("Whoever asked for this is no operator any more.")
    _checked(change.name, change.value, holding=platform_rules(), installed=installed_rules())
    change.approved_by, change.approved_at, change.holds_from = by, now, now
    change.save(update_fields=["approved_by", "approved_at", "holds_from"])
    return change


@owns_transaction
def withdraw_rule(*, change_id: int, now: datetime) -> RuleChange:
    """
    Take a request back; every operator who may ask may.

    :raises RuleClosed: if it holds or was withdrawn before.
    """
    _lock_rules()
    change = _open(change_id)
    change.withdrawn_at = now
    change.save(update_fields=["withdrawn_at"])
    return change


@in_transaction
def _lock_rules() -> None:
    """Let one at a time ask or approve, since rules have to fit each other. Who reads them waits for nobody."""
    with connection.cursor() as cursor:
        cursor.execute("LOCK TABLE copytrading_rulechange IN SHARE ROW EXCLUSIVE MODE")


def _checked(name: str, value: str, *, holding: Rules, installed: Rules) -> str:
    """Return a rule's value as it is kept, if it may be that beside the other rules and is not that already."""
    try:
        wanted: Any = parse(name, value) if value.strip() else getattr(installed, name)
        replace(holding, **{name: wanted})
    except RuleOutOfBounds as refusal:
        raise RuleRefused(str(refusal), field="value") from None
    is_change = RuleChange.objects.filter(name=name, holds_from__isnull=False).order_by("-pk").first()
    if wanted == getattr(holding, name) and (value.strip() or is_change is None or not is_change.value):
        raise RuleRefused("That is what it is already.", field="value")
    return str(wanted) if value.strip() else ""


def _open(change_id: int) -> RuleChange:
    change = RuleChange.objects.select_related("requested_by").get(pk=change_id)
    if change.holds_from is not None:
        raise RuleClosed("This change holds already, or held until a later one.")
    if change.withdrawn_at is not None:
        raise RuleClosed("This request was withdrawn.")
    return change
