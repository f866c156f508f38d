"""
What goes wrong, by script: rules that each say where, when and how often.

    {"fault": "hold", "endpoint": "place", "times": 1}
    {"fault": "lost", "endpoint": "place", "probability": 0.1, "seed": 7, "times": 0}
    {"fault": "answer", "endpoint": "*", "status": 429, "headers": {"Retry-After": "2"}, "nth": 3}

| fault | the request is performed | the answer |
|---|---|---|
| `lost` | never | the connection is cut |
| `late` | after `seconds`, unless its validity has passed by then (`window_ignored` lets it) | the connection is cut |
| `cut` | at once | the connection is cut |
| `hold` | at once | waits until `POST /_release`, or until whoever asked is gone |
| `slow` | at once | comes after `seconds` |
| `answer` | if `performed` | `status`, `body` (text or JSON), `headers`, `content_type` of the rule |
| `truncated` | at once | ends after half of its body; `announced` tells the full or the half length before |
| `nonsense` | at once | with `fields` replaced, or every number in a string by NaN |
| `lag` | at once | does not tell what is younger than `seconds` |
| `partial` | at once | an order is filled to `fraction` at most |

A rule fires at its `nth` matching request (1 is the first) or, without one, with its `probability`; `times` bounds how
often (1 unless told; 0 for no bound). The first rule that fires wins.
"""

import random
from dataclasses import dataclass, field
from fnmatch import fnmatch
from threading import Lock
from typing import Any

FAULTS = frozenset(
    {"lost", "late", "cut", "hold", "slow", "answer", "truncated", "nonsense", "lag", "partial"},
)


@dataclass(kw_only=True)
class Rule:
    """One rule of the script, with what has become of it."""

    fault: str
    endpoint: str = "*"
    nth: int = 0
    probability: float = 1
    seed: int = 0
    times: int = 1
    seconds: float = 0
    fraction: str = "0.5"
    performed: bool = False
    window_ignored: bool = False
    announced: str = "half"
    status: int = 200
    body: Any = ""
    headers: dict[str, str] = field(default_factory=dict)
    content_type: str = "application/json;charset=UTF-8"
    fields: dict[str, Any] = field(default_factory=dict)
    seen: int = 0
    fired: int = 0

    def __post_init__(self) -> None:
        if self.fault not in FAULTS:
            raise ValueError(f"{self.fault!r} is no fault; there are {', '.join(sorted(FAULTS))}")
        self._random = random.Random(self.seed)

    def fires(self, endpoint: str) -> bool:
        """Count a request, and say whether the fault happens to it."""
        if not fnmatch(endpoint, self.endpoint) or (self.times and self.fired >= self.times):
            return False
        self.seen += 1
        due = self.seen == self.nth if self.nth else self._random.random() < self.probability
        self.fired += due
        return due


@dataclass
class FaultScript:
    """The rules in force, oldest first."""

    rules: list[Rule] = field(default_factory=list)
    _lock: Lock = field(default_factory=Lock)

    def add(self, rules: list[dict[str, Any]]) -> None:
        """
        Add rules as written in JSON.

        :raises ValueError: if one names an unknown fault.
        :raises TypeError: if one has a field that rules do not have.
        """
        made = [Rule(**rule) for rule in rules]
        with self._lock:
            self.rules += made

    def clear(self, fault: str = "") -> None:
        """End all rules, or those of one fault."""
        with self._lock:
            self.rules = [rule for rule in self.rules if fault and rule.fault != fault]

    def next_for(self, endpoint: str) -> Rule | None:
        """Return the rule that happens to this request, if any."""
        with self._lock:
            return next((rule for rule in self.rules if rule.fires(endpoint)), None)

    def as_json(self) -> list[dict[str, Any]]:
        with self._lock:
            names = ("fault", "endpoint", "seen", "fired")
            return [{name: getattr(rule, name) for name in names} for rule in self.rules]


# A success that reads as a success, or the nonsense inside would never be looked at.
CODES = frozenset({"code", "sCode"})


def with_nonsense(content: Any, fields: dict[str, Any]) -> Any:
    """Return an answer with the named fields replaced at any depth; with none named, every number in a string."""
    if isinstance(content, dict):
        return {
            name: fields[name] if name in fields else value if name in CODES else with_nonsense(value, fields)
            for name, value in content.items()
        }
    if isinstance(content, list):
        return [with_nonsense(value, fields) for value in content]
    if not fields and isinstance(content, str) and content.replace(".", "", 1).lstrip("-").isdigit():
        return "NaN"
    return content
