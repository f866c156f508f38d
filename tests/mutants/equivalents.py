"""
Mutants that nobody can notice, each with the reason. A change is named by its source, the line and what it becomes.

A mutant belongs here when what the program does stays the same, or differs only where nothing that matters can see it:
a comment does not make it equivalent, a proof does.
"""

from typing import NamedTuple


class Equivalent(NamedTuple):
    path: str
    before: str
    after: str
    reason: str


NETTING = "copytrading/engine/orders/netting.py"
BUNCHING = "copytrading/engine/orders/bunching.py"
CHANGES = "copytrading/engine/holdings/balance_changes.py"
ALLOCATION = "copytrading/engine/orders/allocation.py"
BOOKED_GAPS = "copytrading/services/books/gaps.py"
CALM = "copytrading/services/cycle/calm.py"
CUSTOM = "copytrading/engine/sizing/custom.py"
DECISION = "copytrading/engine/deciding/decision.py"
PATH = "copytrading/engine/replay/lead_path.py"
POSITIONS = "copytrading/services/books/positions.py"
PROFIT_SHARES = "copytrading/services/books/profit_shares.py"
REPLAYED = "copytrading/engine/replay/replayed_copies.py"
RECORDS = "copytrading/services/books/records.py"
STAKES = "copytrading/services/books/stakes.py"
TAX_LOTS = "copytrading/engine/track_record/tax_lots.py"
TRADES = "copytrading/engine/track_record/trade_record.py"
WEIGHTS = "copytrading/engine/holdings/weights.py"
WHATIF = "copytrading/engine/replay/whatif.py"
WISHES = "copytrading/engine/deciding/wishes.py"

PRICE_CALM = "copytrading/engine/deciding/calm.py"
REDUCING = "copytrading/services/cycle/reducing.py"
RESOLVING = "copytrading/services/orders/resolving.py"
SAME_TRADES = 'known = set(Fill.objects.filter(venue_account=account, trade_id__in=ids).values_list("trade_id", '
SNAPSHOT = 'growth_index = LeadSnapshot.objects.filter(lead=copy.lead).values_list("growth_index", flat=True)'

EQUIVALENTS: tuple[Equivalent, ...] = (
    Equivalent(
        NETTING,
        "sells = -int(wish_units[wish_units < 0].sum())",
        "sells = -int(wish_units[wish_units < 1].sum())",
        "Wishes are whole units, so what is below one and not below zero is zero and adds nothing.",
    ),
    Equivalent(
        NETTING,
        "sells = -int(wish_units[wish_units < 0].sum())",
        "sells = -int(wish_units[wish_units <= 0].sum())",
        "A wish of zero adds nothing.",
    ),
    Equivalent(
        CHANGES,
        "if came_high <= 0 or went_high <= 0:",
        "if came_high <= 0 or went_high == 0:",
        "What went is a sum of values that are not below zero, as prices are not.",
    ),
    Equivalent(
        ALLOCATION,
        "if crossed == 0:",
        "if crossed == -1:",
        "Where nothing met inside, both formulas below give zero, and the middle is always above zero.",
    ),
    Equivalent(
        CALM,
        "if lead.other_value_units or not lead.is_seen or not (board.unit_prices[held] > 0).all():",
        "if lead.other_value_units or not lead.is_seen or not (board.unit_prices[held] >= 0).all():",
        "The database keeps no mark that is not above zero, and NaN compares false either way.",
    ),
    Equivalent(
        DECISION,
        "cells[:, place] = (wishes.copies[:, place] > 0) == (wishes.net[place] > 0)",
        "cells[:, place] = (wishes.copies[:, place] > 0) == (wishes.net[place] > -1)",
        "Only a net of zero would tell, and an order whose wishes all meet inside has no reasons.",
    ),
    Equivalent(
        STAKES,
        "return not worth <= 0",
        "return not worth == 0",
        "What a lead is worth is a sum of balances, which the database keeps at zero or above.",
    ),
    Equivalent(
        PATH,
        "START_UNITS = 10**15",
        "START_UNITS = 10** 14",
        "Everything is counted in parts of it, and a rounding of 1e-14 of a portfolio is shown nowhere.",
    ),
    Equivalent(
        WISHES,
        "acting=acting & following[:, None] & (buy_prices > 0),",
        "acting=acting & following[:, None] & (buy_prices > -1),",
        "A price is above zero, or NaN, which compares false either way.",
    ),
    Equivalent(
        WISHES,
        "return asked",
        "pass",
        "Where nobody asked, whoever of them is on its own is nobody as well.",
    ),
    Equivalent(
        WISHES,
        "rebalanced = following & priced & valued & ~by_order",
        "rebalanced = following & priced * valued & ~by_order",
        "The product of two truths is true where both are.",
    ),
    Equivalent(
        WISHES,
        "if len(modes) and (modes == modes[0]).all():",
        "if len(modes) and (modes == modes[ -1]).all():",
        "All are like the first where all are like the last.",
    ),
    Equivalent(
        NETTING,
        "side = 0 if quantity == 0 else (1 if net > 0 else -1)",
        "side = 0 if quantity <= 0 else (1 if net > 0 else -1)",
        "A quantity is a number of whole lots, none or more.",
    ),
    Equivalent(
        DECISION,
        "if not taking_part.any() or (net != 0 and (net > 0) != (offer.side is Side.BUY)):",
        "if not taking_part.any() or (net != 0 and (net > -1) != (offer.side is Side.BUY)):",
        "A net is whole units, and that of zero is left out before.",
    ),
    Equivalent(
        CUSTOM,
        "ROUNDING_NOISE = 4 * float(np.finfo(np.float64).eps)",
        "ROUNDING_NOISE = 3 * float(np.finfo(np.float64).eps)",
        "A quotient and two products are three roundings of half an eps each: both forgive them.",
    ),
    Equivalent(
        PATH,
        "START_UNITS = 10**15",
        "START_UNITS = 9**15",
        "Everything is counted in parts of it, and a rounding of 1e-14 of a portfolio is shown nowhere.",
    ),
    Equivalent(
        REPLAYED,
        "return acts",
        "pass",
        "Looks at copies that answer orders, or that do not run, find no drift: there are only more of them.",
    ),
    Equivalent(
        REPLAYED,
        "acts |= ((held > 0) & stopped[:, None]) @ tradable.T",
        "acts |= ((held > 0) + stopped[:, None]) @ tradable.T",
        "More looks than are needed: each finds what the window found, and trades nothing else.",
    ),
    Equivalent(
        REPLAYED,
        "acts |= (owed > 0)[:, None]",
        "acts |= (owed > -1)[:, None]",
        "More looks than are needed: each finds what the window found, and trades nothing else.",
    ),
    Equivalent(
        REPLAYED,
        "band, is_capped = self._terms.drift_band * equity, not np.isnan(weight_max).all()",
        "band, is_capped = self._terms.drift_band * equity,  np.isnan(weight_max).all()",
        "A cap that is overlooked makes more looks, which find nothing; where there is none, fmin leaves all as it is.",
    ),
    Equivalent(
        REPLAYED,
        "band, is_capped = self._terms.drift_band * equity, not np.isnan(weight_max).all()",
        "band, is_capped = self._terms.drift_band * equity, not np.isnan(weight_max).any()",
        "A cap that is overlooked makes more looks, which find nothing.",
    ),
    Equivalent(
        REPLAYED,
        "capped = wishes.capped & (plan.trade_units > 0)",
        "capped = wishes.capped & (plan.trade_units != 0)",
        "A plan of buys has no sales.",
    ),
    Equivalent(
        WHATIF,
        "together = max(CELLS_AT_ONCE // (last + 1 - start), 1)",
        "together = max(CELLS_AT_ONCE // (last + 1 | start), 1)",
        "How many are counted at once changes nothing of what each comes to.",
    ),
    Equivalent(
        TRADES,
        "if held >= trade.lot_units or trade.quantity_units > 0:",
        "if held >= trade.lot_units or trade.quantity_units >= 0:",
        "A trade moves something.",
    ),
    Equivalent(
        POSITIONS,
        "own = np.flatnonzero(participants == (lead.ledger_account_id or -1))",
        "own = np.flatnonzero(participants == (lead.ledger_account_id or - 0))",
        "No ledger account has the number 0, as none has -1.",
    ),
    Equivalent(
        BOOKED_GAPS,
        "if batch and size + copies > COPIES_AT_ONCE:",
        "if batch and size + copies is not COPIES_AT_ONCE:",
        "How many are measured in one transaction changes nothing of what each comes to.",
    ),
    Equivalent(
        BOOKED_GAPS,
        'CopyGap.objects.bulk_update(rows, ["invested_units", "ideal_shares", *FIGURES], batch_size=2_000)',
        'CopyGap.objects.bulk_update(rows, ["invested_units", "ideal_shares", *FIGURES], batch_size= 1999)',
        "How many rows a statement carries changes nothing of the rows.",
    ),
    Equivalent(
        BOOKED_GAPS,
        SNAPSHOT + ".first() or 1.0",
        SNAPSHOT + ".last() or 1.0",
        "A lead has one snapshot.",
    ),
    Equivalent(
        PRICE_CALM,
        "if (left <= 0).any():",
        "if (left < 0).any():",
        "What is divided by zero is infinite or not a number, and neither is below a band.",
    ),
    Equivalent(
        PROFIT_SHARES,
        "batch_size=5_000,",
        "batch_size= 4999,",
        "How many rows a statement carries changes nothing of the rows.",
    ),
    Equivalent(
        RESOLVING,
        SAME_TRADES + "flat=True))",
        SAME_TRADES + "flat=False))",
        "A trade that is known is then compared order by order, where it is found to be known.",
    ),
    Equivalent(
        REPLAYED,
        "aimed = np.fmin(aimed, weight_max * size / np.maximum(marks[:, asset], 1e-300))",
        "aimed = np.fmin(aimed, weight_max * size / np.minimum(marks[:, asset], 1e-300))",
        "A cap that is overlooked makes more looks, which find nothing.",
    ),
    Equivalent(
        REDUCING,
        "return np.clip(payable, 0, net)",
        "return np.clip(payable, -1, net)",
        "Only what is above zero is paid.",
    ),
    Equivalent(
        WEIGHTS,
        "equity = np.where((held_units[:, ~priced] != 0).any(axis=1), np.nan, equity)",
        "equity = np.where((held_units[:, ~priced] > 0).any(axis=1), np.nan, equity)",
        "Nobody holds less than nothing.",
    ),
    Equivalent(
        BUNCHING,
        "heavier = max(int(wish_units[wish_units > 0].sum()), -int(wish_units[wish_units < 0].sum()))",
        "heavier = max(int(wish_units[wish_units > -1].sum()), -int(wish_units[wish_units < 0].sum()))",
        "A wish of zero adds nothing.",
    ),
    Equivalent(
        DECISION,
        "longest = np.where(self.copies.units > 0, waiting[:, None], 0.0).max(axis=0, initial=0.0)",
        "longest = np.where(self.copies.units > 0, waiting[:, None], -1.0).max(axis=0, initial=0.0)",
        "The longest is at least the initial zero, whatever stands for who waits for nothing.",
    ),
    Equivalent(
        POSITIONS,
        "return canceled + still_open.filter(filled_units__gt=0).update(",
        "return canceled + still_open.filter(filled_units__gt=-1).update(",
        "Those that nothing was filled of were canceled a statement before, and are not open any more.",
    ),
    Equivalent(
        RECORDS,
        "return 0",
        "pass",
        "To thin the same hours again drops nothing, counts nothing and notes nothing.",
    ),
    Equivalent(
        REPLAYED,
        "change.kind is ChangeKind.STOP_LOSS for change in terms.changes",
        "change.kind <= ChangeKind.STOP_LOSS for change in terms.changes",
        "Stop losses are looked at where there are none: nothing falls below what is no number.",
    ),
    Equivalent(
        TAX_LOTS,
        "rank = -Fraction(event.value_units, event.units) if self._method == LotMethod.HIFO else Fraction(0)",
        "rank = -Fraction(event.value_units, event.units) if self._method is LotMethod.HIFO else Fraction(0)",
        "A method is a member of its enumeration, of which there is one object each.",
    ),
    Equivalent(
        REPLAYED,
        "while bar < next_bar:",
        "while bar != next_bar:",
        "Bars are gone through one by one, or up to the next one: none is ever behind it.",
    ),
    Equivalent(
        WHATIF,
        "CELLS_AT_ONCE = 65_536",
        "CELLS_AT_ONCE = 65537",
        "How many are counted at a time says nothing of what is counted.",
    ),
    Equivalent(
        BOOKED_GAPS,
        "if len(columns[0]):",
        "if len(columns[ 1]):",
        "The columns of one table are of one length.",
    ),
    Equivalent(
        "copytrading/engine/replay/rebalancing.py",
        "values = units * np.where(np.isnan(unit_prices), 0.0, unit_prices)",
        "values = units * np.where(np.isnan(unit_prices), 1.0, unit_prices)",
        "What has no price is traded by nobody, and nothing at any price is worth nothing.",
    ),
    Equivalent(
        RECORDS,
        'last = ScheduledRun.objects.filter(job="thin_records").order_by("-slot").first()',
        'last = ScheduledRun.objects.filter(job="thin_records").order_by("-slot").last()',
        "To thin an hour twice drops nothing more, so beginning at the oldest run costs more and changes nothing.",
    ),
    Equivalent(
        POSITIONS,
        "held_before=_held(lead, order.market.base_id) - quantity if quantity < 0 else 0,",
        "held_before=_held(lead, order.market.base_id) - quantity if quantity < 1 else 0,",
        "A part of nothing is no trade: it is left out before.",
    ),
    Equivalent(
        "copytrading/engine/track_record/capacity.py",
        "cost_bp=cost / (filled + cash) if filled > 0 else 0.0,",
        "cost_bp=cost / (filled + cash) if filled != 0 else 0.0,",
        "What is filled is a sum of what a book gives, never below zero.",
    ),
    Equivalent(
        CALM,
        "if lead.other_value_units or not lead.is_seen or not (board.unit_prices[held] > 0).all():",
        "if lead.other_value_units or not lead.is_seen or not (board.unit_prices[held] > -1).all():",
        "The database keeps no mark that is not above zero, and NaN compares false either way.",
    ),
    Equivalent(
        "copytrading/engine/replay/recorded_path.py",
        "break",
        "continue",
        "Moves come in the order of time: after one that lies behind the last bar there are only such.",
    ),
    Equivalent(
        PATH,
        "unit_prices = np.where(np.isnan(bars.marks[bar]), 1.0, bars.unit_prices[bar])",
        "unit_prices = np.where(np.isnan(bars.marks[bar]), 2.0, bars.unit_prices[bar])",
        "A coin without a mark has had no bar yet, so nothing of it is held, and it is not traded at this bar.",
    ),
    Equivalent(
        TRADES,
        "if held >= trade.lot_units or trade.quantity_units > 0:",
        "if held >= trade.lot_units or trade.quantity_units > -1:",
        "Units are whole, and a trade of none is no trade: it is left out before.",
    ),
    Equivalent(
        "copytrading/engine/holdings/baseline.py",
        "return np.clip(1.0 - unfollowed, 0.0, 1.0)",
        "return np.clip(1.0 - unfollowed, 0.0, 2.0)",
        "What is not followed is a share of units that are none below zero, so what is left is never above one.",
    ),
    *(
        Equivalent(PATH, line, line.replace("[0", "[ -1"), "A lead is one row of portfolios: the first is the last.")
        for line in (
            "held_units=int(rebalance.held_units[0, asset]),",
            "cash_units=int(rebalance.cash_units[0]),",
            "for asset in np.flatnonzero(acting[0]).tolist():",
            "sold_fraction=-change / int(held[0, asset]) if change < 0 else 0.0,",
        )
    ),
    Equivalent(
        "copytrading/services/books/copy_records.py",
        "return md5((copy_ids + invested_units).encode(), usedforsecurity=False).hexdigest()",
        "return md5((copy_ids + invested_units).encode(), usedforsecurity=True).hexdigest()",
        "The digest is the same; only a Python built for FIPS refuses the one and not the other.",
    ),
    Equivalent(
        "copytrading/services/wallet/transfers.py",
        "if transfer.held_until is not None or transfer.status != Transfer.Status.REQUESTED:",
        "if transfer.held_until is not None or transfer.status < Transfer.Status.REQUESTED:",
        "Paper money is never taken back, and all its other states stand before REQUESTED in the alphabet.",
    ),
    Equivalent(
        "copytrading/engine/track_record/moved_money.py",
        "if (below < 0) != (above < 0) or above == 0:",
        "if (below < 0) != (above <= 0) or above == 0:",
        "Where nothing is missing above, the second half says so, whatever the first one does.",
    ),
    Equivalent(
        "copytrading/engine/track_record/moved_money.py",
        "HALVINGS = 80",
        "HALVINGS = 81",
        "What is left of the interval is below 1e-24 either way, and a return is told to fifteen digits at most.",
    ),
    Equivalent(
        "copytrading/engine/track_record/moved_money.py",
        "HALVINGS = 80",
        "HALVINGS = 79",
        "What is left of the interval is below 1e-24 either way, and a return is told to fifteen digits at most.",
    ),
    Equivalent(
        "copytrading/engine/track_record/tracking_gap.py",
        "new[:, Part.TIMING] = np.where(is_rounding | is_uninvested, 0.0, apart).sum(axis=1)",
        "new[:, Part.TIMING] = np.where(is_rounding ^ is_uninvested, 0.0, apart).sum(axis=1)",
        "No cell is both: what is rounded is near its target, and what is not invested is not.",
    ),
    Equivalent(
        WHATIF,
        "together = max(CELLS_AT_ONCE // (last + 1 - start), 1)",
        "together = max(CELLS_AT_ONCE // (last + 2 - start), 1)",
        "How many are counted at once changes nothing of what each comes to.",
    ),
    Equivalent(
        REPLAYED,
        "units = change.value * START_UNITS / self._terms.investments[row]",
        "units = change.value * START_UNITS // self._terms.investments[row]",
        "Less than one of 10**15 units: no figure of a what-if is told to so many digits.",
    ),
    Equivalent(
        DECISION,
        "selling = phase is Phase.SELLING",
        "selling = phase >= Phase.SELLING",
        "There are two phases, and the name of the other one comes before it.",
    ),
    Equivalent(
        "copytrading/engine/replay/feasible_order.py",
        "if waiting and trades[waiting[0]].time != trade.time:",
        "if waiting and trades[waiting[ -1]].time != trade.time:",
        "All that wait are of one moment.",
    ),
    Equivalent(
        WHATIF,
        "together = max(CELLS_AT_ONCE // (last + 1 - start), 1)",
        "together = min(CELLS_AT_ONCE // (last + 1 - start), 1)",
        "How many are counted at once changes nothing of what each comes to.",
    ),
    Equivalent(
        REPLAYED,
        "for asset in np.flatnonzero(in_use | (lead_units > 0)).tolist():",
        "for asset in np.flatnonzero(in_use | (lead_units > -1)).tolist():",
        "Of a coin that neither holds nothing is aimed at, so it is nowhere beside its aim.",
    ),
    Equivalent(
        REPLAYED,
        "WINDOW_CELLS = 32_768",
        "WINDOW_CELLS = 32767",
        "How many bars are valued at once changes nothing of what each comes to.",
    ),
    Equivalent(
        REPLAYED,
        "width = max(WINDOW_CELLS // max(len(rows), 1), 1)",
        "width = max(WINDOW_CELLS // max(len(rows), 2), 1)",
        "How many bars are valued at once changes nothing of what each comes to.",
    ),
    Equivalent(
        REPLAYED,
        "width = max(WINDOW_CELLS // max(len(rows), 1), 1)",
        "width = max(WINDOW_CELLS & max(len(rows), 1), 1)",
        "How many bars are valued at once changes nothing of what each comes to.",
    ),
    Equivalent(
        REPLAYED,
        "band, is_capped = self._terms.drift_band * equity, not np.isnan(weight_max).all()",
        "band, is_capped = self._terms.drift_band // equity, not np.isnan(weight_max).all()",
        "Without a band copies are looked at more often, and find at each look what the band says.",
    ),
    Equivalent(
        REPLAYED,
        "return acts | (drifts & following[:, None])",
        "return acts | (drifts ** following[:, None])",
        "Who does not follow is looked at more often, and finds nothing to do.",
    ),
    Equivalent(
        REPLAYED,
        "halted = started & (bar < self._last_bars)",
        "halted = started & (bar <= self._last_bars)",
        "At its last bar a pair can be traded, so nothing is missing there.",
    ),
    Equivalent(
        REPLAYED,
        "self._marks = np.where(np.isnan(self._unit_prices), 0.0, self._unit_prices)",
        "self._marks = np.where(np.isnan(self._unit_prices), 1.0, self._unit_prices)",
        "A coin without a price is held by nobody, neither copies nor lead.",
    ),
    Equivalent(
        REPLAYED,
        "return np.ones((len(rows), len(self._nothing)))",
        "pass",
        "Who bought what was there has a baseline of nothing, and follows all of each position.",
    ),
    Equivalent(
        PATH,
        "marks = np.where(last_bar >= 0, np.take_along_axis(closes, np.maximum(last_bar, 0), axis=0), np.nan)",
        "marks = np.where(last_bar >= -1, np.take_along_axis(closes, np.maximum(last_bar, 0), axis=0), np.nan)",
        "A pair without a bar so far has no close in the first row either.",
    ),
    Equivalent(
        PATH,
        "break",
        "continue",
        "Trades, and times of weights, come in order: after one past the last bar there are only such.",
    ),
    Equivalent(
        PATH,
        "if trade.side < 0:",
        "if trade.side < 1:",
        "A side is 1 or -1.",
    ),
    Equivalent(
        "copytrading/services/books/stops.py",
        "if reason == Copy.StopReason.STOP_LOSS:",
        "if reason is Copy.StopReason.STOP_LOSS:",
        "A reason is handed over as what it is, never as a row's text, which types hold.",
    ),
    Equivalent(
        "copytrading/services/orders/trading.py",
        "return []",
        "pass",
        "Of no orders none are written, and nothing is held: it takes a few statements more.",
    ),
    Equivalent(
        "copytrading/engine/holdings/valuation.py",
        "gross = cash_units + values_of(held_units=held_units, unit_prices=unit_prices).sum(axis=-1)",
        "gross = cash_units + values_of(held_units=held_units, unit_prices=unit_prices).sum(axis=+1)",
        "Holdings are a table here, whose last axis is its second.",
    ),
    Equivalent(
        "copytrading/services/books/gaps.py",
        "if batch and size + copies > COPIES_AT_ONCE:",
        "if not batch and size + copies > COPIES_AT_ONCE:",
        "How many leads are measured at once changes nothing of what each comes to.",
    ),
    Equivalent(
        "copytrading/engine/track_record/moved_money.py",
        "if (below < 0) != (above < 0) or above == 0:",
        "if (below < 0) != (above < 0) or above == 1:",
        "What is zero at the far end of a step is so at the near end of the next one.",
    ),
    Equivalent(
        "copytrading/engine/sizing/smart_sync.py",
        "equity=np.maximum(sight.sizing, 0.0),",
        "equity=np.maximum(sight.sizing, 1.0),",
        "Who is sized by nothing, or less, aims at nothing, which no cap cuts.",
    ),
    Equivalent(
        "copytrading/services/wallet/limits.py",
        'size = keys.coin_words(counted["quantity_units"] or 0, base)',
        'size = keys.coin_words(counted["quantity_units"] or -1, base)',
        "Where no quantity is counted a value is, which says the size in its place.",
    ),
    Equivalent(
        WISHES,
        "wanted=sells + plan.wanted_units,",
        "wanted=sells ^ plan.wanted_units,",
        "A copy sells a coin or buys it: one of the two is nothing.",
    ),
    Equivalent(
        "copytrading/engine/replay/recorded_path.py",
        "MONEY = -1",
        "MONEY = - 2",
        "It names what is no coin, and any number below zero does.",
    ),
    Equivalent(
        "copytrading/engine/track_record/tracking_gap.py",
        "return near & near_before, ~near & (copies.units < targets) & has_cash[:, None]",
        "return near & near_before, ~near & (copies.units < targets) * has_cash[:, None]",
        "Of two truths the product is both.",
    ),
    Equivalent(
        "copytrading/engine/track_record/tracking_gap.py",
        "return near & near_before, ~near & (copies.units < targets) & has_cash[:, None]",
        "return near & near_before, ~near ** (copies.units < targets) & has_cash[:, None]",
        "To the power of a lie it is 1, whose opposite ends in 0; to that of a truth it is itself.",
    ),
    Equivalent(
        "copytrading/engine/track_record/tracking_gap.py",
        "sizes_after = copies.equity_units / max(float(lead.equity_units[0]), 1.0)",
        "sizes_after = copies.equity_units / max(float(lead.equity_units[ -1]), 1.0)",
        "A lead is one row.",
    ),
    Equivalent(
        "copytrading/engine/track_record/tracking_gap.py",
        "lead_before = float(lead.equity_units[0]) - float(lead.results(prices)[0])",
        "lead_before = float(lead.equity_units[0]) - float(lead.results(prices)[ -1])",
        "A lead is one row.",
    ),
    Equivalent(
        "copytrading/engine/track_record/moved_money.py",
        "if (below < 0) != (above < 0) or above == 0:",
        "if (below < 0) != (above < 0) or above == -1:",
        "What is zero at the far end of a step is so at the near end of the next one.",
    ),
    Equivalent(
        TAX_LOTS,
        "return (self.rank, self.number) < (other.rank, other.number)",
        "return (self.rank, self.number) <= (other.rank, other.number)",
        "No two lots of a coin have one number.",
    ),
    Equivalent(
        TAX_LOTS,
        "self._number = 0",
        "self._number = 1",
        "Numbers say which lot is older, from wherever they begin.",
    ),
    Equivalent(
        TAX_LOTS,
        "rank = -Fraction(event.value_units, event.units) if self._method == LotMethod.HIFO else Fraction(0)",
        "rank = -Fraction(event.value_units, event.units) if self._method == LotMethod.HIFO else Fraction( 1)",
        "Where it is the same for all it ranks nobody.",
    ),
    Equivalent(
        TRADES,
        "result += trade.value_units * (-1 if trade.quantity_units > 0 else 1) - trade.fee_units",
        "result += trade.value_units * (-1 if trade.quantity_units > -1 else 1) - trade.fee_units",
        "A trade of nothing is none.",
    ),
    Equivalent(
        REPLAYED,
        "self._pending[self._end_bars == bar] = False",
        "self._pending[self._end_bars == bar] = True",
        "Who ended is looked at no more; the others are looked at more often, and find what the window found.",
    ),
    Equivalent(
        "copytrading/engine/conduct/round_trips.py",
        "first = 0",
        "first = -1",
        "From the last trip alone there are never three, so the next look is from the first one.",
    ),
)
REASONS = {(one.path, one.before, one.after): one.reason for one in EQUIVALENTS}
