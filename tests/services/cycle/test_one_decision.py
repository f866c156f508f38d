"""How often a cycle looks and decides: twice a phase at the most, and never by calling itself."""

import ast
from collections import Counter
from pathlib import Path

import pytest
from django.conf import settings

from accounts.models import User
from copytrading.engine.deciding import decision
from copytrading.models import Copy, Lead, SyncCycle
from copytrading.services.copies import verbs as copies
from copytrading.services.cycle import scene, syncing
from tests.cast import World

# Decided before the books are asked, and once more with the lead locked; loaded once.
LOADS_A_PHASE = 1
DECISIONS_A_PHASE = 2


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """Count how often the book is loaded and the decision called."""
    counts: Counter[str] = Counter()
    load, decide = scene.load_scene, decision.decide

    def load_and_count(*arguments: object, **named: object) -> object:
        counts["loads"] += 1
        return load(*arguments, **named)

    def decide_and_count(**named: object) -> object:
        counts["decisions"] += 1
        return decide(**named)

    for room in (scene, syncing):
        monkeypatch.setattr(room, "load_scene", load_and_count)
    monkeypatch.setattr(scene.decision, "decide", decide_and_count)
    return counts


class TestACycle:
    def test_looks_once_and_decides_twice_a_phase(
        self, world: World, lead: Lead, follower: User, counted: Counter[str]
    ) -> None:
        world.lead_trades(lead, "BTC", "BUY", "0.1")
        world.settle()
        world.start(follower, lead, "1000")
        world.settle()
        world.lead_trades(lead, "BTC", "SELL", "0.06")
        world.lead_trades(lead, "ETH", "BUY", "0.5")
        counted.clear()
        world.wait(1)

        syncing.sync_lead(lead_id=lead.pk, now=world.now)

        orders = SyncCycle.objects.latest("pk").orders
        assert set(orders.values_list("side", flat=True)) == {"BUY", "SELL"}
        assert counted == {"loads": 2 * LOADS_A_PHASE, "decisions": 2 * DECISIONS_A_PHASE}

    def test_that_only_buys_loads_nothing_anew_for_it(self, world: World, lead: Lead, counted: Counter[str]) -> None:
        world.lead_trades(lead, "BTC", "BUY", "0.1")
        world.wait(1)

        syncing.sync_lead(lead_id=lead.pk, now=world.now)

        assert SyncCycle.objects.get().orders.get().side == "BUY"
        assert counted == {"loads": LOADS_A_PHASE, "decisions": DECISIONS_A_PHASE + 1}

    @pytest.mark.parametrize("changed", ["copy", "nothing"])
    def test_looks_again_where_somebody_had_the_lead_in_between(
        self, world: World, lead: Lead, follower: User, counted: Counter[str], changed: str,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:  # fmt: skip
        world.lead_trades(lead, "BTC", "BUY", "0.1")
        world.settle()
        copy = world.start(follower, lead, "1000")
        ask = syncing.books_at

        def ask_while_the_copy_is_stopped(*arguments: object, **named: object) -> object:
            if changed == "copy" and Copy.objects.filter(pk=copy.pk, status="STARTING").exists():
                copies.stop_copy(copy_id=copy.pk, now=world.now)
            return ask(*arguments, **named)

        monkeypatch.setattr(syncing, "books_at", ask_while_the_copy_is_stopped)
        counted.clear()
        world.wait(1)

        syncing.sync_lead(lead_id=lead.pk, now=world.now)

        assert world.held(copy.ledger_account).get("BTC", 0) == 0 or changed == "nothing"
        assert counted["loads"] == LOADS_A_PHASE + (changed == "copy")

    def test_that_has_nothing_to_do_looks_once(self, world: World, lead: Lead, counted: Counter[str]) -> None:
        syncing.sync_lead(lead_id=lead.pk, now=world.now)

        assert counted == {"loads": 1, "decisions": 1}


class TestThePlatform:
    @pytest.mark.parametrize(
        "planted", ["def f(n):\n    return f(n - 1)", "class A:\n    def f(self):\n        self.f()"]
    )
    def test_is_searched_for_recursion_by_what_finds_it(self, planted: str) -> None:
        assert recursive_functions(ast.parse(planted)) == ["f"]

    def test_has_no_function_that_calls_itself(self) -> None:
        rooms = [settings.BASE_DIR / room for room in ("accounts", "copytrading", "smartsync_site")]
        paths = [path for room in rooms for path in Path(room).rglob("*.py") if "migrations" not in path.parts]

        found = {str(path): names for path in paths if (names := recursive_functions(ast.parse(path.read_text())))}

        assert found == {}


def recursive_functions(tree: ast.AST) -> list[str]:
    """Return the functions that call themselves by their own name, methods as those of `self` or `cls`."""
    methods = {part for owner in ast.walk(tree) if isinstance(owner, ast.ClassDef) for part in owner.body}
    found = set()
    for function in ast.walk(tree):
        if not isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        for call in ast.walk(function):
            if isinstance(call, ast.Call) and _name_called(call, is_method=function in methods) == function.name:
                found.add(function.name)
    return sorted(found)


def _name_called(call: ast.Call, *, is_method: bool) -> str | None:
    if not is_method:
        return call.func.id if isinstance(call.func, ast.Name) else None
    if not isinstance(call.func, ast.Attribute) or not isinstance(call.func.value, ast.Name):
        return None
    return call.func.attr if call.func.value.id in ("self", "cls") else None
