"""What a start or a change of a copy is refused for: each no has a code and a sentence, and comes first."""

import math
from datetime import datetime
from decimal import Decimal

from django.db.models import Sum
from django.utils.translation import gettext

from accounts.identity.places import written
from accounts.models import User
from copytrading.engine.holdings.terms import Terms
from copytrading.engine.rules import Rules
from copytrading.engine.sizing import registry
from copytrading.models import Copy, Invitation, Lead, Market, OwnAccount
from copytrading.queries.copies import own_accounts
from copytrading.queries.leads import links
from copytrading.queries.market import board as market_queries
from copytrading.queries.market.doubts import HOLDING_BACK
from copytrading.queries.modes import label_of
from copytrading.queries.rules import CASH_DECIMALS, cash_symbol
from copytrading.queries.shown.visibility import visibility_of
from copytrading.services.books import stakes
from copytrading.services.copies import invited, self_copies
from copytrading.services.market import doubts
from copytrading.services.own.accounts import OwnCash, used_cash_units
from copytrading.services.refusals import NotEnoughCash, Refusal

# A ratio above this is a slip of the keyboard.
RATIO_MAX = 100.0
# What a mode that answers orders is told to answer with, and what else only some modes take.
ANSWERS = ("order_value_units", "order_ratio")
OWN_TERMS = (*ANSWERS, "order_value_max_units", "total_value_max_units", "market_ids", "weight_max")


class LeadNotOpen(Refusal, code="lead_not_open"):
    """The lead takes no money at the moment, or never will again."""


class LeadFull(Refusal, code="lead_full"):
    """All places are taken, or there is no room for that much money."""


class AlreadyCopying(Refusal, code="already_copying"):
    """One live copy for each follower and lead."""


class InvestmentTooSmall(Refusal, code="investment_below_minimum", field="investment"):
    """Less than a copy starts at."""


class StopLossTooHigh(Refusal, code="stop_loss_too_high", field="stop_loss"):
    """The stop loss is not between nothing and the investment."""


class CopyNotActive(Refusal, code="copy_not_active"):
    """The copy is stopping, stopped, or not in the state that this begins from."""


class ReductionTooLarge(Refusal, code="reduction_too_large", field="value"):
    """Less than a copy starts at would stay."""


class TermsNotPossible(Refusal, code="terms_not_possible", field="order_value"):
    """The terms of a Custom copy make no sense."""


class TermsNotKnown(Refusal, code="terms_not_known"):
    """The copy was started on terms that this version of the program does not know."""


class OwnAccountNotTaken(Refusal, code="own_account_not_taken"):
    """This copy cannot be on the follower's own account."""


def check_terms(*, investment_units: int, terms: Terms, rules: Rules) -> None:
    """
    Look at the terms alone, whoever copies whom.

    :raises Refusal: the same ones as start_copy.
    """
    _refuse_small(investment_units, rules)
    refuse_stop_loss(terms.stop_loss_units, investment_units)
    refuse_terms(terms, investment_units)


def refuse_start(
    lead: Lead,
    follower: User,
    investment_units: int,
    terms: Terms,
    now: datetime,
    *,
    rules: Rules,
    is_reference: bool = False,
    own: OwnCash | None = None,
    invitation: str = "",
) -> Invitation | None:
    """
    Refuse a start that the lead, the money, the stop loss, the stake or the invitation stands against.

    Return the invitation that it comes by. On an own account, where no share is paid, it comes by none.
    """
    if lead.status == Lead.Status.ENDED:
        raise LeadNotOpen(gettext("%(lead)s has ended and cannot be copied any more.") % {"lead": lead.name})
    if lead.status != Lead.Status.ACTIVE:
        raise LeadNotOpen(gettext("%(lead)s takes no new followers at the moment.") % {"lead": lead.name})
    self_copies.refuse_own_lead(lead, follower)
    _refuse_unseen(lead)
    _refuse_doubted(lead, follower, now)
    _refuse_without_stake(lead, now, rules)
    live = Copy.objects.filter(lead=lead).exclude(status=Copy.Status.STOPPED)
    if live.filter(follower=follower).exists():
        raise AlreadyCopying(
            gettext("You copy %(lead)s already; change the investment of that copy instead.") % {"lead": lead.name}
        )
    if not is_reference and live.filter(is_reference=False).count() >= lead.followers_max:
        raise LeadFull(
            gettext("%(lead)s has no vacancy: all %(places)s places are taken.")
            % {"lead": lead.name, "places": lead.followers_max}
        )
    _refuse_small(investment_units, rules)
    if not is_reference:
        _refuse_over_capacity(lead, investment_units)
    refuse_stop_loss(terms.stop_loss_units, investment_units)
    if own is None:
        _refuse_without_cash(follower, investment_units)
    else:
        _refuse_own(lead, terms, own)
        _refuse_without_own_cash(own, investment_units)
        return None
    return invited.refuse_closed(lead, invitation, now)


def _refuse_own(lead: Lead, terms: Terms, own: OwnCash) -> None:
    if not registry.mode_of(terms.mode).holds_ratios:
        raise OwnAccountNotTaken(
            gettext("%(mode)s is not possible on an account of your own yet; choose another mode, or your wallet.")
            % {"mode": label_of(registry.mode_of(terms.mode))},
            field="mode",
        )
    if not lead.takes_copies_on_own_accounts:
        raise OwnAccountNotTaken(own_accounts.not_taken_words(lead))


def refuse_account(account_id: int) -> OwnAccount:
    """Return an own account, locked; refuse one that is not connected at this moment."""
    account = OwnAccount.objects.select_for_update().get(pk=account_id)
    if account.status != OwnAccount.Status.CONNECTED:
        raise OwnAccountNotTaken(own_accounts.unconnected_words(account))
    return account


def refuse_unconnected(copy: Copy) -> None:
    """Refuse to go on with a copy whose own account is not connected."""
    if copy.own_account_id is not None:
        refuse_account(copy.own_account_id)


def _refuse_without_own_cash(own: OwnCash, units: int, field: str = "investment") -> None:
    # The account is locked, so that two starts at once count what the other one took.
    account = refuse_account(own.account_id)
    free_units = max(min(own.free_units, own.kept_units - used_cash_units(account)), 0)
    if units > free_units:
        raise NotEnoughCash(
            gettext("Your account at the exchange has %(available)s that no copy uses; choose less.")
            % {"available": _cash_text(free_units)},
            field=field,
        )


def _refuse_doubted(lead: Lead, follower: User, now: datetime) -> None:
    try:
        doubts.refuse_held(lead=lead)
    except doubts.CoinInDoubt:
        if visibility_of(lead, follower, now=now).is_whole:
            raise
        # Which coin it is would tell what the lead holds.
        raise doubts.CoinInDoubt(
            gettext(
                "Not now: a coin that %(lead)s holds is halted, or its price is in doubt. Nothing was changed; try"
                " again later."
            )
            % {"lead": lead.name}
        ) from None


def _refuse_unseen(lead: Lead) -> None:
    if not links.is_seen(lead):
        raise LeadNotOpen(
            gettext("%(lead)s cannot be seen at the moment, so nothing can be bought; try again later.")
            % {"lead": lead.name}
        )


def _refuse_without_stake(lead: Lead, now: datetime, rules: Rules) -> None:
    said = gettext("%(lead)s has too little own money in to be copied; the lead has to put in more first.")
    stakes.refuse_without_stake(lead, sentence=said % {"lead": lead.name}, now=now, rules=rules)


def _refuse_small(investment_units: int, rules: Rules) -> None:
    if investment_units < rules.investment_min * 10**rules.cash_decimals:
        raise InvestmentTooSmall(
            gettext("The investment must be at least %(least)s %(cash)s.")
            % {"least": written(f"{rules.investment_min}"), "cash": rules.cash}
        )


def _refuse_over_capacity(lead: Lead, units: int, field: str = "investment") -> None:
    if lead.money_max_units is None:
        return
    live = Copy.objects.filter(lead=lead, is_reference=False).exclude(status=Copy.Status.STOPPED)
    taken = live.aggregate(total=Sum("invested_units"))["total"] or 0
    if taken + units > lead.money_max_units:
        left = _cash_text(max(lead.money_max_units - taken, 0))
        raise LeadFull(
            gettext("%(lead)s has room for %(left)s more; choose less.") % {"lead": lead.name, "left": left},
            field=field,
        )


def refuse_stop_loss(stop_loss_units: int | None, invested_units: int) -> None:
    """Refuse a stop loss that is not between nothing and what is invested; None is no stop loss."""
    if stop_loss_units is None:
        return
    if stop_loss_units <= 0:
        raise StopLossTooHigh(gettext("The stop loss must be above zero; leave it empty for none."))
    if stop_loss_units >= invested_units:
        raise StopLossTooHigh(
            gettext("The stop loss must be less than the investment of %(investment)s.")
            % {"investment": _cash_text(invested_units)}
        )


def refuse_terms(terms: Terms, investment_units: int) -> None:
    """Refuse terms that make no sense, or that their mode has no use for, so that nobody believes that they counted."""
    try:
        mode = registry.mode_of(terms.mode)
    except registry.ModeUnknown as unknown:
        said = gettext("There is no sizing mode %(mode)s; there are %(modes)s.")
        names = ", ".join(known.name for known in registry.modes())
        raise TermsNotKnown(said % {"mode": repr(terms.mode), "modes": names}, field="mode") from unknown
    given = [name for name in ANSWERS if getattr(terms, name) is not None]
    if not mode.holds_ratios and given != list(mode.requires):
        raise TermsNotPossible(gettext("Choose either a fixed value for each order or a ratio of the lead's order."))
    useless = [name for name in OWN_TERMS if getattr(terms, name) and name not in mode.requires + mode.allows]
    if useless:
        said = gettext("%(mode)s has no use for %(term)s; leave it out.")
        raise TermsNotPossible(said % {"mode": label_of(mode), "term": useless[0].removesuffix("_units")})
    if terms.order_value_units is not None and not 0 < terms.order_value_units <= investment_units:
        raise TermsNotPossible(
            gettext("The value of an order must be above zero and at most %(most)s.")
            % {"most": _cash_text(investment_units)}
        )
    if terms.order_ratio is not None and not 0 < terms.order_ratio <= RATIO_MAX:
        raise TermsNotPossible(
            gettext("The ratio must be above zero and at most %(most)s.") % {"most": written(f"{RATIO_MAX:g}")},
            field="order_ratio",
        )
    for units, field in (
        (terms.order_value_max_units, "order_value_max"),
        (terms.total_value_max_units, "total_value_max"),
    ):
        if units is not None and units <= 0:
            raise TermsNotPossible(gettext("A maximum must be above zero; leave it empty for none."), field=field)
    if terms.order_value_units is not None and terms.order_value_units > (terms.order_value_max_units or math.inf):
        raise TermsNotPossible(
            gettext(
                "Each order is to be %(value)s, which is more than this maximum: raise it, or leave it empty for none."
            )
            % {"value": _cash_text(terms.order_value_units)},
            field="order_value_max",
        )
    known = Market.objects.filter(pk__in=terms.market_ids).count()
    if known != len(set(terms.market_ids)):
        raise TermsNotPossible(gettext("One of the chosen markets is not listed here."), field="markets")


def _refuse_without_cash(follower: User, units: int, field: str = "investment") -> None:
    available = market_queries.available_cash_units_of(follower)
    if units > available:
        raise NotEnoughCash(
            gettext("Your wallet has %(available)s; choose less or deposit first.")
            % {"available": _cash_text(available)},
            field=field,
        )


def refuse_inactive(copy: Copy) -> None:
    """Refuse a copy that is stopping or stopped."""
    if copy.status not in Copy.GUARDED:
        raise CopyNotActive(gettext("This copy is stopped; nothing can be changed any more."))


def refuse_unknown_terms(copy: Copy) -> None:
    """Refuse to move money of a copy whose terms are of another version of the program."""
    if not registry.is_known(copy.mode):
        raise TermsNotKnown(
            gettext(
                "This version of the platform does not know the terms of this copy (%(mode)s); ask its operators to"
                " look. You can stop the copy at any time."
            )
            % {"mode": copy.mode}
        )


def refuse_increase(copy: Copy, units: int, now: datetime, *, rules: Rules, own: OwnCash | None = None) -> None:
    """Refuse more money where the copy, the lead, the lead's stake or room, or the wallet stand against it."""
    refuse_inactive(copy)
    refuse_unknown_terms(copy)
    if units <= 0:
        raise Refusal(gettext("Enter a value above zero."), field="value")
    if copy.lead.status != Lead.Status.ACTIVE:
        raise LeadNotOpen(gettext("%(lead)s takes no more money at the moment.") % {"lead": copy.lead.name})
    _refuse_unseen(copy.lead)
    doubts.refuse_held(lead=copy.lead, copy=copy)
    _refuse_without_stake(copy.lead, now, rules)
    _refuse_over_capacity(copy.lead, units, field="value")
    if copy.own_account_id is None:
        _refuse_without_cash(copy.follower, units, field="value")
    elif own is not None:
        # A preview asks nobody: what is free there is asked for when it is done.
        _refuse_without_own_cash(own, units, field="value")


def refuse_reduction(copy: Copy, units: int, equity: int, *, rules: Rules) -> None:
    """Refuse to take out so much that less than the minimum investment would stay."""
    refuse_inactive(copy)
    refuse_unknown_terms(copy)
    if units <= 0:
        raise Refusal(gettext("Enter a value above zero."), field="value")
    doubts.refuse_held(lead=copy.lead, copy=copy, whys=HOLDING_BACK)
    if equity - units < rules.investment_min * 10**rules.cash_decimals:
        raise ReductionTooLarge(
            gettext(
                "At least %(least)s %(cash)s must stay in a copy that is worth %(worth)s; take out less, or stop the"
                " copy."
            )
            % {"least": written(f"{rules.investment_min}"), "cash": rules.cash, "worth": _cash_text(equity)}
        )


def _cash_text(units: int) -> str:
    return f"{written(f'{Decimal(units).scaleb(-CASH_DECIMALS):,.2f}')} {cash_symbol()}"
