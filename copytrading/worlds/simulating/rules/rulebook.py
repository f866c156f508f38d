"""All rules in one place: what must hold after every step, looked at with the step before it."""

from collections.abc import Mapping
from decimal import Decimal

from copytrading.worlds.simulating.rules import (
    of_coins,
    of_copies,
    of_limit_orders,
    of_loss_limits,
    of_money,
    of_orders,
    of_own_accounts,
)
from copytrading.worlds.simulating.rules.of_copies import Press
from copytrading.worlds.simulating.rules.of_loss_limits import LossMemory
from copytrading.worlds.simulating.rules.of_orders import PlannedOrders
from copytrading.worlds.simulating.rules.snapshot import Snapshot
from copytrading.worlds.simulating.venue import SimulatedVenue


def broken_rules(
    before: Snapshot,
    now: Snapshot,
    *,
    venue: SimulatedVenue,
    presses: Mapping[str, Press],
    planned: PlannedOrders,
    losses: LossMemory,
    given: Mapping[str, Decimal],
) -> list[str]:
    """
    Return a sentence for everything that is not as it must be; `planned` and `losses` remember the steps before.

    :param given: what strangers have sent to the venue, by symbol, in coins.
    """
    by_account = {copy["ledger_account_id"]: copy for copy in now["copies"]}
    broken = [
        *of_coins.mark_leaps_by_a_verdict_only(before, now),
        *of_coins.coin_in_doubt_moves_no_money(before, now),
        *of_coins.recount_keeps_what_everybody_has(before, now),
        *of_money.ledger_adds_up(now),
        *of_money.custody_is_what_is_owed(now, venue, given),
        *of_money.trade_is_booked_once(now, venue),
        *of_money.stopped_copy_holds_nothing(now, by_account),
        *of_money.dust_is_dust(before, now),
        *of_money.holds_end_with_their_order(now),
        *of_money.nothing_is_halted_without_cause(now, venue),
        *of_money.copy_pays_what_it_says(now),
        *of_orders.one_venue_order_per_intent(venue),
        *of_orders.booked_is_what_the_venue_did(now, venue),
        *of_orders.fills_fit_the_order(now),
        *of_orders.filled_means_filled(before, now),
        *of_orders.decision_saw_every_change(before, now),
        *planned.look(before, now),
        *of_limit_orders.limit_order_holds_what_is_left(now),
        *of_limit_orders.limit_order_counts_what_it_traded(now),
        *of_limit_orders.limit_order_is_never_dearer(now),
        *of_limit_orders.finished_limit_order_asks_no_more(before, now),
        *of_own_accounts.no_account_trades_for_another(now, venue),
        *of_own_accounts.mirror_is_what_its_copies_have(now),
        *of_own_accounts.mirror_is_what_the_venue_did(now, venue),
        *of_own_accounts.trouble_of_one_pauses_only_its_copies(before, now),
        *of_own_accounts.order_leaves_only_for_a_connected_account(before, now),
        *of_loss_limits.total_loss_has_a_limit(now),
        *losses.look(before, now),
        *of_copies.states_follow_the_rules(before, now),
        *of_copies.fence_never_falls(before, now),
        *of_copies.trade_waits_for_its_market(before, now),
        *of_copies.reduction_is_paid_as_asked(before, now),
        *of_copies.mark_never_falls(before, now),
        *of_copies.profit_is_shared_once(before, now),
        *of_copies.press_has_one_effect(now, presses),
        *of_copies.money_moves_once_for_each_flow(now),
    ]
    for order in now["orders"]:
        shares = now.shares_of_order.get(order["id"], [])
        earlier = before.get("orders", order["id"])
        is_new = order["booked"] and not (earlier and earlier["booked"])
        if is_new or shares != before.shares_of_order.get(order["id"], []):
            broken += of_orders.shares_are_exact(order, shares)
    return broken
