"""Sparse answers: every address that answers with fields gives those that are named, and refuses others by name."""

import json
from collections.abc import Mapping
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from copytrading.api.schema import description, description_for_clients
from copytrading.models import Lead, Market
from copytrading.services.wallet import spot
from tests.api.program import Program
from tests.cast import World, usdt
from tests.hook_receiver import webhook_of


@pytest.fixture
def there(world: World, lead: Lead, follower: User) -> dict[str, Any]:
    """Return what addresses name, all of it the follower's, who copies, leads and trades by hand."""
    world.lead_trades(lead, "BTC", "BUY", "0.05")
    copy = world.start(follower, lead)
    world.settle()
    own = world.make_lead(follower, name="Slate", stake="1000")
    order = world.lead_trades(own, "BTC", "BUY", "0.001")
    world.settle()
    market = Market.objects.get(symbol="ETH-USDT")
    by_hand = spot.place_manual_order(
        user=follower, market_id=market.pk, side="BUY", units=usdt(100), idempotency_key="order-0001", now=world.now
    )
    return {
        "copy_id": copy.pk,
        "slug": lead.slug,
        "webhook_id": webhook_of(follower, now=world.now).pk,
        "/lead/orders/{order_id}": order.pk,
        "/wallet/orders/{order_id}": by_hand.pk,
    }


def sparse_paths() -> dict[str, str]:
    """Return every path that the description says can be sparse, with its example."""
    found = {}
    for path, operations in json.loads(description())["paths"].items():
        for parameter in operations.get("get", {}).get("parameters", []):
            if parameter["name"] == "fields":
                (example,) = parameter["examples"].values()
                found[path.removeprefix("/api/v1/")] = example["value"]
    return found


def filled(path: str, there: Mapping[str, Any]) -> str:
    for name, value in there.items():
        path = path.replace(name.lstrip("/"), name.lstrip("/").replace("{order_id}", str(value)))
        path = path.replace(f"{{{name}}}", str(value))
    return path


def things_in(body: Any) -> list[dict[str, Any]]:
    """Return the objects whose fields are named: results, things of a list, or the one."""
    if isinstance(body, list):
        return body
    return body["results"] if {*body} == {"results", "next"} else [body]


def part_of(thing: Any, names: list[str]) -> Any:
    """Return what is named of a thing; at most one point in a name."""
    if isinstance(thing, list):
        return [part_of(one, names) for one in thing]
    if thing is None:
        return None
    whole = {name for name in names if "." not in name}
    inner = {name.split(".")[0]: [name.split(".")[1]] for name in names if "." in name}
    return {
        name: value if name in whole else part_of(value, inner[name])
        for name, value in thing.items()
        if name in whole or name in inner
    }


def refused(program: Program, path: str, fields: str) -> str:
    response = program.get(path, fields=fields)
    assert (response.status_code, response.json()["field"]) == (400, "fields"), response.content
    return str(response.json()["title"])


class TestSparseAnswers:
    def test_are_a_part_of_the_whole_at_every_address(self, there: dict[str, Any], follower: User) -> None:
        program, compared = Program.of(follower), 0
        for path, example in sparse_paths().items():
            address = filled(path, there)
            asked = {"leads": f"{there['slug']},slate"} if path == "comparison" else {}
            whole = program.get(address, **asked)
            if whole.status_code == 404:
                assert path in {
                    "complaints/{complaint_id}",
                    "copies/{copy_id}/gap",
                    "lead/link",
                    "wallet/orders/limit/{order_id}",
                    "wallet/own-accounts/{account_id}",
                }
                continue

            thin, every = program.get(address, fields=example, **asked), things_in(whole.json())
            names = ",".join(every[0]) if every else example
            all_of_it = program.get(address, fields=names, **asked)

            assert thin.status_code == all_of_it.status_code == 200, (path, thin.content, all_of_it.content)
            assert things_in(thin.json()) == [part_of(thing, example.split(",")) for thing in every], path
            assert all_of_it.json() == whole.json(), path
            if every:
                assert thin["ETag"] != whole["ETag"], path
                assert {*things_in(thin.json())[0]} == {name.split(".")[0] for name in example.split(",")}, path
                compared += 1
        assert len(sparse_paths()) == 68
        assert compared >= 35

    def test_keep_a_page_that_can_be_turned(self, program: Program, lead: Lead, world: World) -> None:
        world.make_lead(world.start(User.objects.get(email="follower@example.org"), lead).follower, name="Slate")

        page = program.get("leads", fields="name", limit=1).json()
        following = program.get("leads", fields="name", limit=1, cursor=page["next"]).json()

        assert [*page["results"], *following["results"]] == [{"name": "Basalt"}, {"name": "Slate"}]
        assert following["next"] is None

    def test_have_a_part_whole_where_it_is_named_so(self, program: Program, world: World, lead: Lead) -> None:
        world.start(User.objects.get(email="follower@example.org"), lead)
        found = [
            program.get("copies", fields=fields).json()["results"]
            for fields in ("lead.name", "lead.slug,lead.name", "lead,lead.name", "lead.name,lead", "lead,lead")
        ]

        whole = [{"lead": {"slug": lead.slug, "name": lead.name}}]
        assert found == [[{"lead": {"name": lead.name}}], whole, whole, whole, whole]

    def test_can_be_asked_for_by_their_head(self, program: Program) -> None:
        headers = {"Authorization": f"Bearer {program.token}"}
        answers = [getattr(Client(), verb)("/api/v1/me?fields=email", headers=headers) for verb in ("get", "head")]

        assert [answer.status_code for answer in answers] == [200, 200]
        assert answers[0]["ETag"] == answers[1]["ETag"]

    def test_are_known_again(self, program: Program) -> None:
        headers = {"Authorization": f"Bearer {program.token}"}
        first = Client().get("/api/v1/me?fields=email", headers=headers)

        known = {**headers, "If-None-Match": first["ETag"]}

        assert Client().get("/api/v1/me?fields=email", headers=known).status_code == 304
        assert Client().get("/api/v1/me", headers=known).status_code == 200


class TestFields:
    @pytest.mark.parametrize(
        ("path", "fields", "sentence"),
        [
            ("me", "emial", "There is no `emial`. There is: email, email_is_confirmed, has_second_factor, language,"),
            ("copies", "lead.nmae", "There is no `nmae` in `lead`. There is: slug, name."),
            ("copies", "results", "There is no `results`. There is: id,"),
            ("copies", "id.x", "There is no `x` in `id`, which has no parts: name it alone."),
            ("activity", "trade.fees.coin.x", "There is no `x` in `trade.fees.coin`, which has no parts"),
            ("activity", "trade.fees.coin.x.y", "`trade.fees.coin.x.y` goes too deep: a name has 4 parts at most."),
            ("me", "", "A name is empty"),
            ("me", "email,", "A name is empty"),
            ("me", ",email", "A name is empty"),
            ("me", "key.", "A name is empty"),
            ("me", ".id", "A name is empty"),
            ("me", "email, language", "There is no ` language`."),
            ("me", "Email", "There is no `Email`."),
            ("me", "x" * 5_000, f"There is no `{'x' * 60}`. There is: email"),
            ("me", ",".join(["email"] * 101), "There are more than 100 names"),
        ],
    )
    def test_are_refused_by_name_with_those_that_there_are(
        self, program: Program, path: str, fields: str, sentence: str
    ) -> None:
        assert refused(program, path, fields).startswith(sentence)

    def test_can_be_a_hundred(self, program: Program) -> None:
        assert program.get("me", fields=",".join(["email"] * 100)).status_code == 200

    def test_come_once(self, program: Program) -> None:
        response = program.get("me", fields=["email", "language"])

        assert (response.status_code, response.json()["field"]) == (400, "fields")

    def test_are_of_no_account_to_who_may_not_ask(self) -> None:
        assert Program().get("me", fields="nothing").status_code == 401

    def test_are_unknown_to_a_stream(self, program: Program) -> None:
        assert program.get("live", fields="id").json()["fields"] == {"fields": "There is no such field here."}

    def test_of_a_thing_that_is_not_there_tell_nothing(self, program: Program) -> None:
        assert program.get("copies/7", fields="id").status_code == 404


class TestFiguresOfReceipts:
    def test_are_not_looked_up_for_who_wants_the_sentences(self, there: dict[str, Any], follower: User) -> None:
        program, statements = Program.of(follower), []
        for fields in ({}, {"fields": "trade"}, {"fields": "id,headline"}):
            with CaptureQueriesContext(connection) as counted:
                assert program.get("activity", **fields).json()["results"]
            statements.append(len(counted))

        whole, with_them, without_them = statements
        assert without_them < with_them == whole


class TestDescriptionForClients:
    def test_is_that_of_whole_answers(self) -> None:
        whole, for_clients = json.loads(description()), json.loads(description_for_clients())
        for operations in whole["paths"].values():
            for operation in operations.values():
                parameters = operation.get("parameters", [])
                operation["parameters"] = [one for one in parameters if one["name"] != "fields"]
        for operations in for_clients["paths"].values():
            for operation in operations.values():
                operation.setdefault("parameters", [])

        assert whole == for_clients
