"""Live prices of one exchange: all our pairs in one question, no key needed."""

from collections.abc import Iterable
from datetime import datetime
from functools import partial
from typing import Any

from copytrading.exchange.errors import MarketUnknown, VenueUnreachable
from copytrading.exchange.live import answers
from copytrading.exchange.live.dialects.base import Call
from copytrading.exchange.live.wire import Wire
from copytrading.exchange.markets import MarketRules, Quote


class LivePrices:
    """
    A price source over one exchange.

    A quote is as old as the exchange says: by the ticker's own time, else by the date its answer carries, so that an
    answer out of somebody's cache is old. It is never younger than our own clock, or it would stay fresh for ever.
    """

    def __init__(self, wire: Wire, *, quote: str, coins: Iterable[str] = ()) -> None:
        """
        Look at one exchange.

        :param quote: the currency prices are in.
        :param coins: the coins asked for; every one of the exchange's when empty.
        """
        self.name = wire.exchange
        # What is quoted, as read from the exchange last.
        self.symbols: tuple[str, ...] = ()
        self._wire = wire
        self._quote = quote
        self._coins = frozenset(coins)

    def market_rules(self) -> list[MarketRules]:
        """
        Return the exchange's rules of these pairs, read anew, by symbol.

        :raises VenueUnreachable: if the exchange did not answer.
        """
        return self._rules(anew=True)

    def quotes(self, now: datetime) -> list[Quote]:
        """
        Return the middle between best bid and best ask of every pair, else its last price.

        :raises VenueUnreachable: or one of its kinds, if there is no answer to go by.
        """
        wanted = {answers.theirs(rules.symbol) for rules in self._rules(anew=False)}
        try:
            question = partial(self._wire.dialect.ask_quotes, symbols=sorted(wanted))
            # Whoever follows prices asks again in a second anyway.
            told = self._wire.ask(Call.QUOTES, question, repeats_max=0)
        except MarketUnknown as unknown:
            self._wire.forget_rules()
            raise VenueUnreachable(f"A pair has gone: {unknown}") from None
        answered_at = self._wire.client.written_at() or now
        return answers.read(
            lambda: [
                quote
                for ticker in told.values()
                if ticker["symbol"] in wanted
                and (quote := answers.quote_of(ticker, as_of=_as_of(ticker, answered_at, now), source=self.name))
            ]
        )

    def market_time(self, now: datetime) -> datetime:
        """Return now: these prices are of this moment."""
        return now

    def finished(self, now: datetime) -> bool:
        """Return False: an exchange never ends."""
        return False

    def _rules(self, *, anew: bool) -> list[MarketRules]:
        markets = self._wire.know_markets(anew=anew)
        rules = answers.read(lambda: answers.rules_of_markets(markets.values(), quote=self._quote, coins=self._coins))
        self.symbols = tuple(rule.symbol for rule in rules)
        return rules


def _as_of(ticker: dict[str, Any], answered_at: datetime, now: datetime) -> datetime:
    told = ticker.get("timestamp")
    return min(answers.moment(told, of="time of a price") if told else answered_at, now)
