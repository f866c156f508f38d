"""What all dialects have in common: routes, and the way from a request to what it does or why it is refused."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from decimal import InvalidOperation
from typing import Any, ClassVar

from tests.fake_venue.accounts import ApiKey
from tests.fake_venue.exchange import FakeExchange, Habits
from tests.fake_venue.orders import Refused
from tests.fake_venue.wire import Answer, Circumstances, Request, Route


class Refusal(Exception):
    """A request that is not performed, with the answer that says so."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.body)
        self.answer = answer


@dataclass(frozen=True, kw_only=True)
class Asked:
    """
    A request that was let in.

    `given` are its parameters, `headers` what came with it, by lower-case name, `account` whose key it carries ("" for
    public ones), `now_ms` the venue's time.
    """

    given: dict[str, str]
    headers: dict[str, str]
    account: str
    key: ApiKey | None
    circumstances: Circumstances
    now_ms: int

    @property
    def hidden_from_ms(self) -> float:
        """Return from which moment on nothing is told, because this request meets a lag."""
        return self.now_ms - self.circumstances.hidden_seconds * 1000


Act = Callable[[Asked], Any]


class Dialect(ABC):
    """How one venue says it. Subclasses name the routes, open requests, and put the answers into their words."""

    name: ClassVar[str]
    habits: ClassVar[Habits]

    def __init__(self, exchange: FakeExchange) -> None:
        self.exchange = exchange
        self._routes = self.routes()

    def route(self, request: Request) -> Route | None:
        found = self.found(request)
        return found[0] if found else None

    def found(self, request: Request) -> tuple[Route, Act] | None:
        """Return where a request leads and what it does; None where there is no such path."""
        return self._routes.get((request.method, request.path))

    def perform(self, request: Request, *, circumstances: Circumstances, now_ms: int) -> Answer:
        """Check a request and do what it asks."""
        found = self.found(request)
        assert found is not None
        route, act = found
        try:
            key = self.open(request, route, circumstances=circumstances, now_ms=now_ms) if route.scope else None
            asked = Asked(
                given=self.given(request),
                headers=request.headers,
                account=key.account if key else "",
                key=key,
                circumstances=circumstances,
                now_ms=now_ms,
            )
            return self.tell(act(asked), now_ms=now_ms)
        except Refusal as refusal:
            return refusal.answer
        except Refused as refused:
            return self.refuse(refused).answer
        except (ValueError, InvalidOperation) as error:
            return self.malformed(str(error)).answer

    # -- what a dialect says itself ------------------------------------------------------------------------------------

    @abstractmethod
    def routes(self) -> dict[tuple[str, str], tuple[Route, Act]]: ...

    @abstractmethod
    def given(self, request: Request) -> dict[str, str]: ...

    @abstractmethod
    def open(self, request: Request, route: Route, *, circumstances: Circumstances, now_ms: int) -> ApiKey:
        """
        Return the key that a request was signed with.

        :raises Refusal: if key, signature, scope or time do not hold.
        """

    @abstractmethod
    def tell(self, content: Any, *, now_ms: int) -> Answer: ...

    @abstractmethod
    def refuse(self, refused: Refused) -> Refusal: ...

    @abstractmethod
    def malformed(self, message: str) -> Refusal: ...

    @abstractmethod
    def too_fast(self, *, seconds: float, banned: bool) -> Answer: ...

    @abstractmethod
    def unknown_path(self) -> Answer: ...

    def headers(self, *, weight_used: int) -> dict[str, str]:
        return {}
