"""
Every sentence that depends on what money is here: paper or real, and in which currency.

Pages, forms and messages take them from here, so that no page says "paper" where money is real, nor a currency that
is not the platform's.
"""

from dataclasses import dataclass

from django.utils.functional import lazy

from copytrading.exchange import registry
from copytrading.queries.rules import cash_symbol, platform_rules


@dataclass(frozen=True, kw_only=True)
class MoneyWords:
    """What is said of money that is called `cash`."""

    cash: str
    is_paper: bool

    @property
    def least(self) -> str:
        """The least that a copy starts at; read where it is said, since pages of errors have no database to ask."""
        return f"{platform_rules().investment_min:,} {self.cash}"

    @property
    def footer(self) -> str:
        kind = "paper money" if self.is_paper else "real money"
        return f"You can lose what you invest. The money here is {kind}."

    @property
    def sign_up(self) -> str:
        if self.is_paper:
            return "An e-mail address is enough. The money is paper money: practise as long as you like."
        return "An e-mail address is enough to look around. The money here is real, and you can lose what you invest."

    @property
    def empty_wallet(self) -> str:
        if self.is_paper:
            return f"Nothing yet. Deposit paper {self.cash} to begin; it is not real money."
        return f"Nothing yet. To begin, say how much {self.cash} you bring in. It is real money."

    @property
    def deposit(self) -> str:
        """What bringing money in is called."""
        return f"Deposit paper {self.cash}" if self.is_paper else f"Bring {self.cash} in"

    @property
    def transfers(self) -> str:
        """How money comes and goes; nothing to say where it is paper."""
        if self.is_paper:
            return ""
        return (
            "Real money: say here what you bring in or take out, then bring it the way the operators of this platform"
            " told you, in exactly this amount. It is in your wallet once it has come; what you take out is promised"
            " until it is paid."
        )

    def came_in(self, value: str) -> str:
        return f"{value} {self.cash} came in."

    def went_out(self, value: str) -> str:
        return f"{value} {self.cash} went out."

    def announced_in(self, value: str) -> str:
        return f"Now bring exactly {value} {self.cash}; they are in your wallet once they have come."

    def announced_out(self, value: str) -> str:
        return f"{value} {self.cash} are promised to you and will be paid out."


def money_words() -> MoneyWords:
    """Return what is said of money on this platform."""
    return MoneyWords(cash=cash_symbol(), is_paper=registry.is_paper())


def _with_cash(text: str) -> str:
    return text.format(cash=cash_symbol())


# "At a loss in {cash}" as a label that knows the currency when it is read, not when the program starts.
with_cash = lazy(_with_cash, str)
