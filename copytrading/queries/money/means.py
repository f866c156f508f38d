"""
What an account has to trade one coin with, and what a part of it comes to: of all it is worth for a buy, of the coin
for a sale. The ticket shows the one and writes the other, so nobody reckons with a per-cent sign.
"""

from dataclasses import dataclass
from decimal import Decimal

from accounts.models import User
from copytrading.models import Lead, Market
from copytrading.queries.leads import consoles
from copytrading.queries.money import wallet

# The parts that can be pressed, in percent.
PARTS = (10, 25, 50, 75, 100)


@dataclass(frozen=True, kw_only=True)
class Means:
    """
    Worth and free cash of an account in quote units, and what it holds of the coin in base units.

    `free_units` of the coin are in no order; `weight` is the share of the worth that the coin is, 0 to 1.
    """

    market: Market
    price: Decimal | None
    worth_units: int
    cash_units: int
    held_units: int
    free_units: int
    held_value_units: int
    weight: float

    def bought_with(self, percent: int, *, costs: Decimal) -> int:
        """
        Return what a part of the worth comes to in quote units, as far as the free cash reaches.

        :param costs: what has to be left beside it, as a fraction of it: a fee, a price that may move on.
        """
        return min(self.worth_units * percent // 100, int(self.cash_units / (1 + costs)))

    def sold_from(self, percent: int) -> int:
        """Return what a part of the coin comes to in base units, in whole lots; all of it stays all of it."""
        units = self.free_units * percent // 100
        return units // self.market.lot_units * self.market.lot_units


def means_of_lead(lead: Lead, market: Market) -> Means:
    """Return what a lead's account has to trade in a market."""
    account = consoles.account_of(lead)
    cash = account.positions[-1]
    held = next((position for position in account.positions if position.symbol == market.base.symbol), None)
    return Means(
        market=market,
        price=_price_of(market),
        worth_units=account.equity_units,
        cash_units=cash.units - cash.held_units,
        held_units=held.units if held else 0,
        free_units=held.units - held.held_units if held else 0,
        held_value_units=held.value_units if held else 0,
        weight=held.weight if held else 0.0,
    )


def means_of_wallet(user: User, market: Market) -> Means:
    """Return what a person's main account has to trade in a market."""
    own = wallet.wallet_of(user)
    held = next((line for line in own.lines if line.symbol == market.base.symbol), None)
    return Means(
        market=market,
        price=_price_of(market),
        worth_units=own.worth_units,
        cash_units=own.available_units,
        held_units=held.units if held else 0,
        free_units=held.units - held.held_units if held else 0,
        held_value_units=held.value_units if held else 0,
        weight=held.value_units / own.worth_units if held and own.worth_units else 0.0,
    )


def _price_of(market: Market) -> Decimal | None:
    # A market that was listed just now has no mark yet.
    mark = getattr(market, "mark", None)
    return mark.price if mark else None
