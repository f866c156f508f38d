"""What leads and operators do: apply, approve, trade, move money, pause, end."""

from datetime import datetime, timedelta
from decimal import Decimal

from django.conf import settings
from django.db import IntegrityError, connection, transaction
from django.utils.text import slugify

from accounts import ledger
from accounts.ledger import Lines
from accounts.models import Journal, LedgerAccount, User
from copytrading.models import Copy, Lead, LeadFlow, LeadHolding, LeadOrder, Market, Notice
from copytrading.queries import holdings
from copytrading.queries import market as market_queries
from copytrading.services import bell, following, queueing, stopping
from copytrading.services.refusals import NotEnoughCash, Refusal


class LeadNotActive(Refusal):
    code = "lead_not_active"


class AlreadyLeading(Refusal):
    code = "already_leading"


class NameTaken(Refusal):
    code = "name_taken"
    field = "name"


class RateTooHigh(Refusal):
    code = "profit_share_too_high"
    field = "profit_share_rate"


class NotHeld(Refusal):
    code = "not_enough_held"
    field = "quantity"


def apply_as_lead(
    *,
    user: User,
    name: str,
    bio: str,
    tags: list[str],
    profit_share_rate: Decimal,
    followers_max: int,
    now: datetime,
    source: Lead.Source = Lead.Source.PLATFORM,
) -> Lead:
    """
    Ask to become a lead; an operator decides.

    :raises Refusal: if the person leads already, the name is taken, or the rate is above 30 %.
    """
    if not 0 <= profit_share_rate <= Decimal(str(settings.SMARTSYNC_PROFIT_SHARE_MAX)):
        raise RateTooHigh(f"The profit share can be 0 to {settings.SMARTSYNC_PROFIT_SHARE_MAX:.0%}.")
    try:
        with transaction.atomic():
            return Lead.objects.create(
                user=user,
                name=name,
                slug=slugify(name),
                bio=bio,
                tags=tags,
                profit_share_rate=profit_share_rate,
                followers_max=followers_max,
                source=source,
                applied_at=now,
            )
    except IntegrityError as conflict:
        if "one_running_lead_per_user" in str(conflict):
            raise AlreadyLeading("You lead already; end that first.") from conflict
        raise NameTaken("Somebody leads under that name already; choose another.") from conflict


def approve_lead(*, lead_id: int, now: datetime) -> Lead:
    """
    Let a lead start: open the lead account, and take followers from now on.

    :raises LeadNotActive: if the lead is not waiting for approval.
    """
    with transaction.atomic():
        lead = _lock(lead_id)
        if lead.status != Lead.Status.APPLIED:
            raise LeadNotActive(f"{lead.name} is {lead.get_status_display()}; only an application can be approved.")
        if lead.source == Lead.Source.PLATFORM:
            lead.ledger_account = ledger.open_account(kind=LedgerAccount.Kind.LEAD, owner=lead.user, now=now)
        lead.status, lead.started_at = Lead.Status.ACTIVE, now
        lead.save(update_fields=["ledger_account", "status", "started_at"])
    return lead


def pause_lead(*, lead_id: int, now: datetime) -> Lead:
    """
    Take no new followers and no new lead orders; copies keep their ratios.

    :raises LeadNotActive: if the lead is not active.
    """
    return _switch(lead_id, Lead.Status.ACTIVE, Lead.Status.PAUSED, Notice.Kind.LEAD_PAUSED, now)


def resume_lead(*, lead_id: int, now: datetime) -> Lead:
    """
    Take followers and orders again; clears a quarantine too.

    :raises LeadNotActive: if the lead is not paused.
    """
    return _switch(lead_id, Lead.Status.PAUSED, Lead.Status.ACTIVE, Notice.Kind.LEAD_RESUMED, now)


def end_lead(*, lead_id: int, now: datetime) -> Lead:
    """
    End a lead for good: every copy is stopped, sold and paid out by itself; the record stays.

    :raises LeadNotActive: if the lead has ended already.
    """
    with transaction.atomic():
        lead = _lock(lead_id)
        if lead.status == Lead.Status.ENDED:
            raise LeadNotActive(f"{lead.name} has ended already.")
        lead.status, lead.ended_at, lead.failures = Lead.Status.ENDED, now, 0
        lead.save(update_fields=["status", "ended_at", "failures"])
        open_orders = lead.orders.filter(status=LeadOrder.Status.SUBMITTED)
        open_orders.filter(filled_units=0).update(status=LeadOrder.Status.CANCELED, finished_at=now)
        open_orders.filter(filled_units__gt=0).update(status=LeadOrder.Status.PARTIALLY_FILLED, finished_at=now)
        _tell_followers(lead, Notice.Kind.LEAD_ENDED, None, now)
        stopping.stop_copies(lead_id=lead.pk, copy_ids=None, reason=Copy.StopReason.LEAD_ENDED, now=now)
        queueing.request_sync(lead_id=lead.pk, now=now)
    return lead


def deposit_to_lead(*, lead_id: int, units: int, idempotency_key: str, now: datetime) -> Lead:
    """
    Move cash from the lead's main account to the lead account; followers are told, ratios settle for a while.

    :raises Refusal: if the lead is not active or the main account has less.
    """
    return _move(lead_id, units, idempotency_key, now)


def withdraw_from_lead(*, lead_id: int, units: int, idempotency_key: str, now: datetime) -> Lead:
    """
    Move cash from the lead account back to the main account; followers are told, ratios settle for a while.

    :raises Refusal: if the lead account has less cash than that.
    """
    return _move(lead_id, -units, idempotency_key, now)


def submit_lead_order(
    *, lead_id: int, market_id: int, side: LeadOrder.Side, quantity_units: int, idempotency_key: str, now: datetime
) -> LeadOrder:
    """
    Take a lead's market order, the same key once; the next cycle bunches it with the followers' wishes.

    :raises Refusal: if the lead is not active, the market is closed, or more is sold than the lead account has.
    """
    with transaction.atomic():
        lead = _lock(lead_id)
        existing = lead.orders.filter(idempotency_key=idempotency_key).first()
        if existing is not None:
            return existing
        if lead.status != Lead.Status.ACTIVE or lead.ledger_account_id is None:
            raise LeadNotActive(f"{lead.name} cannot trade at the moment.")
        market = Market.objects.select_related("base", "quote", "mark").get(pk=market_id)
        if market.status != Market.Status.TRADING:
            raise Refusal(f"{market.symbol} does not trade at the moment.")
        if quantity_units < market.lot_units:
            raise Refusal("The quantity is less than the smallest lot of this market.", field="quantity")
        _refuse_uncovered(lead, market, side, quantity_units, now)
        order = LeadOrder.objects.create(
            lead=lead,
            market=market,
            side=side,
            quantity_units=quantity_units,
            idempotency_key=idempotency_key,
            submitted_at=now,
            expires_at=now + timedelta(seconds=settings.SMARTSYNC_LEAD_ORDER_SECONDS),
        )
        queueing.request_sync(lead_id=lead.pk, now=now)
    return order


def observe_trade(
    *, lead_id: int, asset_id: int, signed_units: int, cash_units: int, now: datetime, request_cycle: bool = True
) -> None:
    """
    Note a trade that a lead made elsewhere: signed units of a coin, and what the cash changed by, fee included.

    :raises NotHeld: if more is sold, or spent, than the lead was seen to have.
    """
    with transaction.atomic():
        lead = _lock(lead_id)
        cash = market_queries.cash_asset()
        holding, _ = LeadHolding.objects.select_for_update().get_or_create(lead=lead, asset_id=asset_id)
        cash_holding, _ = LeadHolding.objects.select_for_update().get_or_create(lead=lead, asset=cash)
        if holding.units + signed_units < 0:
            raise NotHeld(f"{lead.name} was seen to sell more than the {holding.units} units held.")
        if cash_holding.units + cash_units < 0:
            raise NotHeld(f"{lead.name} was seen to spend more than the cash held.")
        following.note_trade(
            lead=lead, asset_id=asset_id, signed_units=signed_units, held_before=holding.units, touched_at=now
        )
        following.note_pending(lead=lead, asset_id=asset_id, signed_units=signed_units)
        holding.units += signed_units
        cash_holding.units += cash_units
        holding.save(update_fields=["units"])
        cash_holding.save(update_fields=["units"])
        if request_cycle:
            queueing.request_sync(lead_id=lead.pk, now=now)


def observe_flow(*, lead_id: int, units: int, idempotency_key: str, now: datetime) -> Lead:
    """Note money that an observed lead moved in (positive) or out (negative) elsewhere, in quote units."""
    with transaction.atomic():
        lead = _lock(lead_id)
        if lead.flows.filter(idempotency_key=idempotency_key).exists():
            return lead
        equity = equity_of(lead, now=now)
        holding, _ = LeadHolding.objects.select_for_update().get_or_create(lead=lead, asset=market_queries.cash_asset())
        if holding.units + units < 0:
            raise NotEnoughCash("The lead was seen to move out more cash than there was.")
        holding.units += units
        holding.save(update_fields=["units"])
        _note_flow(lead, units, equity, idempotency_key, now)
    return lead


def equity_of(lead: Lead, *, now: datetime) -> float:
    """Return a lead's equity in quote units at the present marks."""
    board = market_queries.load_board(now=now)
    return holdings.load_lead(lead, board=board, cash=market_queries.cash_asset()).equity(board)


def _lock(lead_id: int) -> Lead:
    return Lead.objects.select_for_update(of=("self",)).select_related("user").get(pk=lead_id)


def _switch(lead_id: int, before: Lead.Status, after: Lead.Status, notice: Notice.Kind, now: datetime) -> Lead:
    with transaction.atomic():
        lead = _lock(lead_id)
        if lead.status != before:
            raise LeadNotActive(f"{lead.name} is {lead.get_status_display()} and cannot be {after.label} from there.")
        lead.status, lead.failures = after, 0
        lead.save(update_fields=["status", "failures"])
        _tell_followers(lead, notice, None, now)
    return lead


def _move(lead_id: int, units: int, idempotency_key: str, now: datetime) -> Lead:
    if units == 0:
        raise Refusal("Enter a value above zero.", field="value")
    with transaction.atomic():
        lead = _lock(lead_id)
        if lead.flows.filter(idempotency_key=idempotency_key).exists():
            return lead
        if lead.ledger_account_id is None or lead.status == Lead.Status.APPLIED:
            raise LeadNotActive(f"{lead.name} has no lead account to move money to.")
        equity = equity_of(lead, now=now)
        main = ledger.main_account(user=lead.user, now=now)
        try:
            ledger.post(
                kind=Journal.Kind.LEAD_DEPOSIT if units > 0 else Journal.Kind.LEAD_WITHDRAWAL,
                idempotency_key=f"lead:{lead.pk}:{idempotency_key}",
                lines=Lines.of([main.pk, lead.ledger_account_id], market_queries.cash_asset().pk, [-units, units]),
                now=now,
            )
        except ledger.NotEnoughMoney as shortage:
            raise NotEnoughCash("There is not enough cash for this; choose less.", field="value") from shortage
        _note_flow(lead, units, equity, idempotency_key, now)
        bell.publish(f"user:{lead.user_id}", "wallet")
    return lead


def _note_flow(lead: Lead, units: int, equity_before: float, idempotency_key: str, now: datetime) -> None:
    LeadFlow.objects.create(lead=lead, units=units, idempotency_key=idempotency_key, moved_at=now)
    following.issue_units(lead=lead, flow_units=units, equity_before=equity_before)
    lead.settling_until = now + timedelta(seconds=settings.SMARTSYNC_SETTLING_SECONDS)
    lead.save(update_fields=["settling_until"])
    kind = Notice.Kind.LEAD_DEPOSITED if units > 0 else Notice.Kind.LEAD_WITHDREW
    _tell_followers(lead, kind, abs(units), now)


def _refuse_uncovered(lead: Lead, market: Market, side: str, quantity_units: int, now: datetime) -> None:
    """Refuse what the lead account cannot cover, open orders included."""
    board = market_queries.load_board(now=now)
    portfolio = holdings.load_lead(lead, board=board, cash=market_queries.cash_asset())
    place = int(board.places_of(board.asset_ids[board.market_ids == market.pk])[0])
    at_work = lead.orders.filter(status=LeadOrder.Status.SUBMITTED, side=side, expires_at__gt=now)
    if side == LeadOrder.Side.SELL:
        waiting = sum(order.quantity_units - order.filled_units for order in at_work.filter(market=market))
        if quantity_units + waiting > int(portfolio.units[place]):
            raise NotHeld(f"The lead account has less {market.base.symbol} than that.")
        return
    prices = dict(zip(board.market_ids.tolist(), board.unit_prices.tolist(), strict=True))
    wanted = [(order.market_id, order.quantity_units - order.filled_units) for order in at_work]
    cost = sum(units * prices[market_id] for market_id, units in [*wanted, (market.pk, quantity_units)])
    if not cost <= portfolio.cash_units:
        raise NotEnoughCash("The lead account has not enough cash for this; choose less.", field="quantity")


def _tell_followers(lead: Lead, kind: Notice.Kind, units: int | None, now: datetime) -> None:
    """Write a notice for every running copy, in one statement."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO copytrading_notice (copy_id, kind, units, noted_at)"
            " SELECT id, %s, %s, %s FROM copytrading_copy WHERE lead_id = %s AND status <> 'STOPPED'",
            [kind, units, now, lead.pk],
        )
    bell.publish(f"lead:{lead.pk}", "lead")
