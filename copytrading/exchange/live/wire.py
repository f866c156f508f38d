"""
Asks a venue and sends to it, for one account or for none.

A question may be repeated: at most twice more, a little later each time, and only where nothing was answered or
nothing understood. An order is sent once. Both pay from the one budget first, and nobody asks a venue that said "wait"
before the time it named is over.
"""

import math
import random
import time
from collections.abc import Callable
from datetime import datetime
from typing import Any

from copytrading.exchange.errors import (
    KEY_TROUBLES,
    AbilityMissing,
    AccessRefused,
    AnswerNotUnderstood,
    ClockSkewed,
    KeyRefused,
    MarketUnknown,
    PlaceBarred,
    QuestionRefused,
    RejectionCode,
    VenueBusy,
    VenueError,
    VenueUnreachable,
)
from copytrading.exchange.live import budget as shares
from copytrading.exchange.live.budget import RateBudget
from copytrading.exchange.live.client import Answer, Client, Credentials, Hearing
from copytrading.exchange.live.clock import VenueClock
from copytrading.exchange.live.dialects import dialect_of
from copytrading.exchange.live.dialects.base import WINDOW_SECONDS, Call, Dialect, PermissionsNotTold
from copytrading.exchange.live.verdicts import Known

REPEATS_MAX = 2
BACK_OFF_SECONDS = 0.25
# No further attempt begins later than this after the first.
PATIENCE_SECONDS = 8.0
# Longer than this nobody waits for the budget to fill; an order must leave soon after it was claimed.
QUEUE_SECONDS_MAX = 2.0
ORDER_QUEUE_SECONDS_MAX = 0.5
# Where a venue says "too many" and not for how long; 418 says that it has said so before.
BUSY_SECONDS = 5.0
BANNED_SECONDS = 120.0
RULES_SECONDS = 600.0

NOT_FOUND = 404
TOO_MANY = 429
BANNED = 418

UNSIGNED = (Call.MARKETS, Call.BOOK, Call.QUOTES)
MARKETLESS = (
    Call.MARKETS, Call.BALANCES, Call.FUNDING, Call.EARN, Call.STAKED, Call.PERMISSIONS,
    Call.DEPOSITS, Call.WITHDRAWALS,
)  # fmt: skip

Question = Callable[[Any], Any]


class NoSuchOrder(VenueError):
    """The venue knows no order under this id."""


class NotAsked(VenueUnreachable):
    """ccxt would not put the question: something that it wants is missing. Nothing was sent."""


class SentTooLate(VenueError):
    """The order was claimed longer ago than it is valid, so it was not sent."""


class Wire:
    """The line to one venue."""

    def __init__(self, *, exchange: str, redis_url: str, credentials: Credentials | None = None, url: str = "") -> None:
        """
        Open the line; nothing is asked yet.

        :raises ExchangeUnknown: if there is no such exchange.
        """
        self.exchange = exchange
        self.dialect: Dialect = dialect_of(exchange)
        self.clock = VenueClock()
        self.client = Client(
            exchange=exchange,
            credentials=credentials,
            url=url,
            options=self.dialect.options,
            # Asked for at each call: a line may use the clock of another one.
            venue_milliseconds=lambda: self.clock.milliseconds(),
            unsaid_header=self.dialect.tag_header,
        )
        self.dialect.prepare(self.client.exchange)
        name = f"{exchange}@{url}" if url else exchange
        self._budget = RateBudget(name=name, allowance=self.dialect.allowance, redis_url=redis_url)
        self._rules_until = 0.0
        # A line to the same venue whose markets and clock are used along.
        self._shared: Wire | None = None

    def ask(
        self, call: Call, question: Question, *, kept_share: float = shares.ORDINARY, repeats_max: int = REPEATS_MAX
    ) -> Any:
        """
        Return what the venue answers.

        :param question: takes ccxt's client, makes one request and returns what it made of the answer.
        :raises NoSuchOrder: if it knows no such order.
        :raises MarketUnknown: if it lists no such market.
        :raises AccessRefused: if it does not take our key, or serves nobody where we are.
        :raises VenueUnreachable: or one of its kinds, if there is no answer to go by.
        """
        began_at = time.monotonic()
        for attempt in range(repeats_max + 1):
            try:
                return self._ask_once(call, question, kept_share)
            except (VenueBusy, AccessRefused, NotAsked):
                raise
            except VenueUnreachable as trouble:
                pause = BACK_OFF_SECONDS * 2**attempt * random.uniform(0.5, 1.5)
                is_last = attempt == repeats_max or time.monotonic() + pause > began_at + PATIENCE_SECONDS
                if is_last or not _may_pass(trouble, attempt):
                    raise
            time.sleep(pause)
        raise AssertionError("The last attempt returns or raises.")

    def send(
        self, call: Call, request: Question, *, claimed_at: datetime, kept_share: float, broker_tag: str = ""
    ) -> Hearing:
        """
        Send one order, once, and return what was heard.

        It is signed with the time of its claim: a worker that slept since then sends what the venue refuses.

        :param broker_tag: goes along where the venue takes it in a header.
        :raises VenueBusy: if the budget does not allow it; nothing was sent.
        :raises SentTooLate: if it was claimed longer ago than it is valid; nothing was sent.
        """
        self._pay(call, kept_share, seconds_max=ORDER_QUEUE_SECONDS_MAX)
        signed_at = self.clock.milliseconds_at(claimed_at)
        deadline = signed_at + int(WINDOW_SECONDS * 1000)
        if self.clock.milliseconds() > deadline:
            raise SentTooLate(f"It was claimed more than {WINDOW_SECONDS:g} s ago.")
        said = {self.dialect.deadline_header: str(deadline), self.dialect.tag_header: broker_tag}
        headers = {name: value for name, value in said.items() if name and value}
        hearing = self.client.call(request, headers=headers, signed_at=signed_at)
        self._heed(hearing.answer)
        return hearing

    def ready(self) -> None:
        """
        Know the venue's time and its markets, so that an order can be signed, checked and sent.

        :raises ClockSkewed: if our clock is off, or the venue's cannot be known.
        :raises VenueUnreachable: if the venue does not answer.
        """
        self.know_time()
        self.know_markets()

    def know_time(self) -> None:
        """
        Look at the venue's clock where the last look is too old.

        :raises ClockSkewed: if ours is off, or the venue's cannot be known.
        :raises VenueUnreachable: if the venue does not answer.
        """
        if not self.clock.is_known:
            self._pay(Call.TIME, shares.URGENT)
            asked_at = time.monotonic()
            hearing = self.client.call(lambda exchange: exchange.fetch_time())
            answered_at = time.monotonic()
            shown = self._understood(Call.TIME, hearing)
            if not isinstance(shown, int):
                raise AnswerNotUnderstood(f"{self.exchange} says {shown!r} for its time.")
            self.clock.look(venue_milliseconds=shown, asked_at=asked_at, answered_at=answered_at)
        self.clock.check()

    def know_markets(self, *, anew: bool = False) -> dict[str, Any]:
        """
        Return the venue's markets by ccxt's symbol, as read some minutes ago at most.

        :raises VenueUnreachable: if the venue does not answer.
        """
        if self._shared is not None:
            return self._adopt(self._shared, anew=anew)
        if anew or time.monotonic() >= self._rules_until:
            self.ask(Call.MARKETS, lambda exchange: exchange.load_markets(True, self.dialect.markets_params))
            self._rules_until = time.monotonic() + RULES_SECONDS
        markets: dict[str, Any] = self.client.exchange.markets
        return markets

    def _adopt(self, shared: "Wire", *, anew: bool) -> dict[str, Any]:
        """Return the markets that another line knows, which ccxt finds here from now on."""
        markets = shared.know_markets(anew=anew)
        ours, theirs = self.client.exchange, shared.client.exchange
        if ours.markets is not markets:
            for name in ("markets", "markets_by_id", "symbols", "ids", "currencies", "currencies_by_id"):
                setattr(ours, name, getattr(theirs, name))
        return markets

    def leave_markets_out(self) -> None:
        """Never read the markets: balances need none of them, and on a big exchange they are megabytes a look."""
        self._rules_until = math.inf
        self.client.exchange.load_markets = _no_markets

    def share_knowledge(self, other: "Wire") -> None:
        """Use the markets and the clock of another line to the same venue: they are the same for every account."""
        self._shared = other
        self.clock = other.clock

    def forget_rules(self) -> None:
        """Read the markets anew before the next question: the venue refused what they allow."""
        self._rules_until = 0.0
        if self._shared is not None:
            self._shared.forget_rules()

    def check_abilities(self) -> None:
        """
        Make sure that what becomes of an order could be found out here; nobody is asked.

        :raises AbilityMissing: with what there is no way to do.
        """
        lacking = self.dialect.lacking(self.client.exchange)
        if lacking:
            raise AbilityMissing(
                f"Orders cannot be sent to {self.exchange}: we know no way to {' or to '.join(lacking)} there."
                " Choose an exchange that docs/exchanges.md names."
            )

    def permissions(self) -> frozenset[str]:
        """
        Return what our key may do: read, trade, trade elsewhere, withdraw.

        :raises PermissionsNotTold: if this exchange does not say.
        :raises VenueUnreachable: or one of its kinds, if there is no answer to go by.
        """
        if self.dialect.ask_permissions is None:
            raise PermissionsNotTold(f"{self.exchange} does not tell us what a key may do.")
        told: frozenset[str] = self.ask(Call.PERMISSIONS, self.dialect.ask_permissions)
        return told

    def _ask_once(self, call: Call, question: Question, kept_share: float) -> Any:
        if call not in UNSIGNED:
            self.know_time()
        if call not in MARKETLESS:
            self.know_markets()
        self._pay(call, kept_share)
        return self._understood(call, self.client.call(question))

    def _pay(self, call: Call, kept_share: float, *, seconds_max: float = QUEUE_SECONDS_MAX) -> None:
        """Take a call's weight out of the budget, waiting a little where it fills soon."""
        give_up_at = time.monotonic() + seconds_max
        while wait_seconds := self._budget.take(weight=self.dialect.weight(call), kept_share=kept_share):
            if time.monotonic() + wait_seconds > give_up_at:
                raise VenueBusy(
                    f"{self.exchange} may be asked again in {wait_seconds:.1f} s.", wait_seconds=wait_seconds
                )
            time.sleep(wait_seconds)

    def _heed(self, answer: Answer | None) -> float:
        """Close the budget where the venue says that it is asked too much; return for how long."""
        if answer is None:
            return 0.0
        is_busy = answer.status in (TOO_MANY, BANNED)
        if not is_busy and self.dialect.meaning_of(answer) is not RejectionCode.RATE_LIMITED:
            return 0.0
        default = BANNED_SECONDS if answer.status == BANNED else BUSY_SECONDS
        wait_seconds = self.dialect.read_wait(answer) or default
        self._budget.close(seconds=wait_seconds)
        return wait_seconds

    def _understood(self, call: Call, hearing: Hearing) -> Any:
        """Return what was answered, or raise what its not being an answer means."""
        answer = hearing.answer
        if answer is None:
            reason = type(hearing.trouble).__name__
            if not hearing.was_sent:
                raise NotAsked(f"{self.exchange} cannot be asked that ({reason}).")
            raise VenueUnreachable(f"{self.exchange} did not answer ({reason}).")
        if wait_seconds := self._heed(answer):
            raise VenueBusy(f"{self.exchange} asks us to wait {wait_seconds:.0f} s.", wait_seconds=wait_seconds)
        if answer.status >= 500:
            raise VenueUnreachable(f"{self.exchange} answered {answer.status}.")
        if hearing.trouble is None and answer.status < 300 and self.dialect.is_answer(call, answer.body):
            return hearing.value
        raise self._refusal(answer) or self._oddity(hearing, answer)

    def _refusal(self, answer: Answer) -> VenueError | None:
        meaning = self.dialect.meaning_of(answer)
        if meaning is Known.NO_SUCH_ORDER:
            return NoSuchOrder(f"{self.exchange} knows no such order.")
        if meaning is RejectionCode.MARKET_UNKNOWN:
            return MarketUnknown(f"{self.exchange} lists no such market.")
        if isinstance(meaning, RejectionCode) and meaning in KEY_TROUBLES:
            return KeyRefused(f"{self.exchange} does not take our key: {KEY_TROUBLES[meaning]}.", code=meaning)
        if meaning is RejectionCode.PLACE_BARRED:
            return PlaceBarred(f"{self.exchange} serves nobody in the country that our server is in.")
        if meaning is RejectionCode.CLOCK_SKEWED:
            self.clock.forget()
            return ClockSkewed(f"{self.exchange} says that our time is wrong.")
        return None

    def _oddity(self, hearing: Hearing, answer: Answer) -> VenueError:
        if self.dialect.trusts_not_found and self.client.says_not_found(hearing):
            return NoSuchOrder(f"{self.exchange} knows no such order.")
        if answer.status == NOT_FOUND or (answer.body is not None and (answer.status >= 300 or _has_code(answer.body))):
            return QuestionRefused(f"{self.exchange} refused the question ({answer.status}).")
        return AnswerNotUnderstood(f"{self.exchange} answered something that is no answer ({answer.status}).")


def _no_markets(*_: Any) -> dict[str, Any]:
    return {}


def _has_code(body: Any) -> bool:
    """Return whether a body says by a code of its own that the question was refused; no code, or zero, is none."""
    code = body.get("code", body.get("retCode")) if isinstance(body, dict) else None
    return str(code or "0").strip("0") != ""


def _may_pass(trouble: VenueUnreachable, attempt: int) -> bool:
    """Return whether asking again may help; after one more look at its clock a venue that disagrees is right."""
    return attempt == 0 or not isinstance(trouble, ClockSkewed)
