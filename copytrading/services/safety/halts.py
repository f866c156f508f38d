"""
Kill switches. A halt is a row that the sender of every order reads in the transaction of its claim: what is claimed
after the row is there is not sent, so a switch works from its commit on.
"""

from datetime import datetime

from accounts.models import Asset, User
from accounts.transactions import in_transaction, owns_transaction
from copytrading.models import Halt, Lead, Market, Notice, Restore
from copytrading.queries.operating import custody as custody_queries
from copytrading.services import bell, queueing
from copytrading.services.refusals import Refusal
from copytrading.services.telling import notices

REASON_LENGTH_MAX = 200


class HaltTargetUnknown(Refusal):
    code = "halt_target_unknown"
    field = "target"


class HaltReasonMissing(Refusal):
    code = "halt_reason_missing"
    field = "reason"


class HaltLifted(Refusal):
    code = "halt_lifted"


class CustodyStillDiffers(Refusal):
    code = "custody_still_differs"


class NotCleanSinceRestore(Refusal):
    code = "not_clean_since_restore"


@owns_transaction
def place_halt(*, scope: Halt.Scope, target_id: int = 0, reason: str, now: datetime, by: User | None = None) -> Halt:
    """
    Stop every order of a target from now on, and return the halt; one that stands already is returned as it is.

    :param target_id: the lead, market or asset; 0 for the platform.
    :param by: the operator; nobody where the platform itself does it.
    :raises HaltTargetUnknown: if there is no such lead, market or asset.
    :raises HaltReasonMissing: if no reason is given.
    """
    return place_halt_here(scope=scope, target_id=target_id, reason=reason, now=now, by=by)


@in_transaction
def place_halt_here(
    *, scope: Halt.Scope, target_id: int = 0, reason: str, now: datetime, by: User | None = None
) -> Halt:
    """Place a halt in the caller's transaction; see place_halt."""
    reason = reason.strip()
    if not reason:
        raise HaltReasonMissing("Say why: others have to decide about it later.")
    _require_target(scope, target_id)
    halt, is_new = Halt.objects.get_or_create(
        scope=scope,
        target_id=target_id,
        lifted_at=None,
        defaults={"reason": reason[:REASON_LENGTH_MAX], "placed_by": by, "placed_at": now},
    )
    if is_new:
        _tell(halt, Notice.Kind.COIN_HALTED, now)
    return halt


@owns_transaction
def lift_halt(*, halt_id: int, by: User, now: datetime) -> Halt:
    """
    Let orders go on. The halt of an asset stands for as long as custody and ledger differ there.

    :raises HaltLifted: if it was lifted before.
    :raises CustodyStillDiffers: if the difference is not corrected yet.
    :raises NotCleanSinceRestore: if it waits for ledger and venue to agree after a restore.
    """
    halt = Halt.objects.select_for_update(of=("self",)).get(pk=halt_id)
    if halt.lifted_at is not None:
        raise HaltLifted("This halt was lifted already.")
    if halt.scope == Halt.Scope.ASSET:
        _require_no_difference(halt.target_id)
    if halt.scope == Halt.Scope.PLATFORM and Restore.objects.filter(clean_at__isnull=True).exists():
        raise NotCleanSinceRestore("The database was restored: ledger and venue have to agree first.")
    halt.lifted_by, halt.lifted_at = by, now
    halt.save(update_fields=["lifted_by", "lifted_at"])
    if halt.scope == Halt.Scope.LEAD:
        queueing.request_sync(lead_id=halt.target_id, now=now)
    _tell(halt, Notice.Kind.COIN_RESUMED, now)
    return halt


def _require_target(scope: Halt.Scope, target_id: int) -> None:
    table = {Halt.Scope.LEAD: Lead, Halt.Scope.MARKET: Market, Halt.Scope.ASSET: Asset}.get(scope)
    if table is None and target_id != 0:
        raise HaltTargetUnknown("The halt of everything has no target.")
    if table is not None and not table._default_manager.filter(pk=target_id).exists():
        raise HaltTargetUnknown(f"There is no such {scope.lower()}.")


def _require_no_difference(asset_id: int) -> None:
    asset = Asset.objects.get(pk=asset_id)
    if custody_queries.standing_difference(asset=asset) is not None:
        raise CustodyStillDiffers(
            f"Ledger and custody of {asset.symbol} still differ: "
            "a correction by two operators comes first, then the next look must find nothing."
        )


def _tell(halt: Halt, kind: Notice.Kind, now: datetime) -> None:
    bell.publish("platform", "halts")
    if halt.scope == Halt.Scope.ASSET:
        notices.tell_holders(kind=kind, asset_ids=[halt.target_id], now=now)
    elif halt.scope == Halt.Scope.MARKET:
        coin_ids = list(Market.objects.filter(pk=halt.target_id).values_list("base_id", flat=True))
        notices.tell_holders(kind=kind, asset_ids=coin_ids, now=now)
    if halt.scope == Halt.Scope.LEAD:
        bell.publish(f"lead:{halt.target_id}", "lead")
