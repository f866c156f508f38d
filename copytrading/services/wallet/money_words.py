"""
Every sentence that depends on what money is here: paper or real, and in which currency.

Pages, forms and messages take them from here, so that no page says "paper" where money is real, nor a currency that
is not the platform's.
"""

from dataclasses import dataclass

from django.utils.functional import lazy
from django.utils.translation import gettext

from accounts.identity.places import written
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
        return f"{written(f'{platform_rules().investment_min:,}')} {self.cash}"

    @property
    def footer(self) -> str:
        if self.is_paper:
            return gettext("You can lose what you invest. The money here is paper money.")
        return gettext("You can lose what you invest. The money here is real money.")

    @property
    def sign_up(self) -> str:
        if self.is_paper:
            return gettext("An e-mail address is enough. The money is paper money: practise as long as you like.")
        return gettext(
            "An e-mail address is enough to look around. The money here is real, and you can lose what you invest."
        )

    @property
    def empty_wallet(self) -> str:
        if self.is_paper:
            return self._said(gettext("Nothing yet. Deposit paper %(cash)s to begin; it is not real money."))
        return self._said(gettext("Nothing yet. To begin, say how much %(cash)s you bring in. It is real money."))

    @property
    def deposit(self) -> str:
        """What bringing money in is called."""
        return self._said(gettext("Deposit paper %(cash)s") if self.is_paper else gettext("Bring %(cash)s in"))

    @property
    def transfers(self) -> str:
        """How money comes and goes; nothing to say where it is paper."""
        if self.is_paper:
            return ""
        return gettext(
            "Real money: say here what you bring in or take out, then bring it the way the operators of this platform"
            " told you, in exactly this amount. It is in your wallet once it has come; what you take out is promised"
            " until it is paid."
        )

    def add_and_go_on(self, value: str) -> str:
        """What a button says that brings play money in on the way; there is none where money is real."""
        return self._said(gettext("Add %(value)s paper %(cash)s and go on"), value=value)

    def came_in(self, value: str) -> str:
        return self._said(gettext("%(value)s %(cash)s came in."), value=value)

    def went_out(self, value: str) -> str:
        return self._said(gettext("%(value)s %(cash)s went out."), value=value)

    def announced_in(self, value: str) -> str:
        return self._said(
            gettext("Now bring exactly %(value)s %(cash)s; they are in your wallet once they have come."), value=value
        )

    def announced_out(self, value: str) -> str:
        return self._said(gettext("%(value)s %(cash)s are promised to you and will be paid out."), value=value)

    def _said(self, sentence: str, **figures: str) -> str:
        return sentence % {"cash": self.cash, **figures}


def money_words() -> MoneyWords:
    """Return what is said of money on this platform."""
    return MoneyWords(cash=cash_symbol(), is_paper=registry.is_paper())


def _with_cash(text: str) -> str:
    return gettext(text).format(cash=cash_symbol())


# "At a loss in {cash}" as a label that knows the currency when it is read, not when the program starts.
with_cash = lazy(_with_cash, str)
