"""
An assistant at work, with the protocol's own client: `manage.py mcp` as a program of its own, asked over its pipes;
what is refused, and what is offered, asked of the same server in this process.
"""

import asyncio
import os
import sys
import threading
from collections.abc import Awaitable, Callable
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone
from mcp import Client, StdioServerParameters
from mcp.server.mcpserver import MCPServer
from pytest_django.live_server_helper import LiveServer

from accounts import program_keys
from accounts.models import User
from copytrading.api.shapes.wallet import account as wallet
from copytrading.assistants.door import Door, DoorClosed, Refused
from copytrading.assistants.serving import server_of
from copytrading.models import Copy, Lead, LeadNotice, LeadOrder
from copytrading.services.reference import copies as reference_copies
from tests.cast import World, build_world
from tests.conftest import PROJECT
from tests.pasts import give_past

READS = {
    "find_leads", "read_lead", "read_lead_holdings", "read_reference_copy", "list_lead_trades", "look_back",
    "preview_copy", "list_copies", "read_copy", "list_copy_orders", "read_activity", "read_wallet", "read_statement",
    "list_markets", "read_own_lead", "read_lead_account", "list_lead_orders", "preview_lead_order",
}  # fmt: skip
WRITES = {"place_lead_order", "cancel_lead_order", "write_to_followers"}


@pytest.fixture
def world(transactional_db: None) -> World:
    """The world a little before the hour of the wall clock, which is the assistant's."""
    world = build_world()
    world.now = timezone.now() - timedelta(minutes=2)
    world.prices()
    return world


def catch_up(world: World) -> None:
    """Go on at the hour of the wall clock."""
    world.now = timezone.now()
    world.prices()


@pytest.fixture
def copy(world: World, lead: Lead, follower: User) -> Copy:
    """A copy of a lead who holds bitcoin."""
    world.lead_trades(lead, "BTC", "BUY", "0.09")
    world.settle()
    copy = world.start(follower, lead)
    world.settle()
    catch_up(world)
    copy.refresh_from_db()
    return copy


def key_of(user: User, *scopes: str) -> str:
    _, secret = program_keys.make_key(user=user, name="Assistant", scopes=scopes, now=timezone.now())
    return secret


def over_pipes(url: str, key: str) -> StdioServerParameters:
    """Return the command that an assistant starts."""
    surroundings = {**os.environ, "SMARTSYNC_URL": url, "SMARTSYNC_KEY": key}
    return StdioServerParameters(command=sys.executable, args=[str(PROJECT / "manage.py"), "mcp"], env=surroundings)


def within(url: str, key: str) -> MCPServer[None]:
    """Return the same server, in this process."""
    return server_of(Door(url=url, key=key))


def ask(server: MCPServer[None] | StdioServerParameters, asking: Callable[[Client], Awaitable[Any]]) -> Any:
    """Return what an assistant finds out."""

    async def at_work() -> Any:
        async with Client(server) as client:
            return await asking(client)

    return asyncio.run(asyncio.wait_for(at_work(), 120))


async def names(client: Client) -> set[str]:
    return {tool.name for tool in (await client.list_tools()).tools}


async def told(client: Client, tool: str, **arguments: Any) -> tuple[str, Any]:
    """Return the sentence and the figures of one answer."""
    answer = await client.call_tool(tool, arguments)
    assert not answer.is_error, answer.content
    return answer.structured_content["sentence"], answer.structured_content["data"]


async def refused(client: Client, tool: str, **arguments: Any) -> str:
    answer = await client.call_tool(tool, arguments)
    assert answer.is_error
    return str(answer.content[0].text)


class TestReading:
    def test_answers_with_a_sentence_and_the_figures_of_the_api(
        self, live_server: LiveServer, world: World, lead: Lead, follower: User, copy: Copy
    ) -> None:
        seen = give_past(world, world.make_lead(User.objects.create_user("seen@example.org"), name="Slate"))
        reference_copies.keep_reference_copies(now=world.now)

        async def asking(client: Client) -> None:
            assert await names(client) == READS
            sentence, page = await told(client, "find_leads", search="basalt")
            assert (sentence, page["results"][0]["slug"]) == ("1 lead.", lead.slug)
            assert (await told(client, "read_lead", slug=lead.slug))[0] == "Basalt is ACTIVE; you: COPIED."
            _, portfolio = await told(client, "read_lead_holdings", slug=lead.slug)
            assert "BTC" in [holding["coin"] for holding in portfolio["holdings"]]
            sentence, held = await told(client, "read_reference_copy", slug=lead.slug)
            assert sentence == "A real copy of 100.00 has made nothing that is shown yet since it began."
            assert held["costs"] == {"fees": "0.00", "profit_share": "0.00"}
            assert (await told(client, "list_lead_trades", slug=lead.slug))[0] == "1 trade."
            sentence, found = await told(client, "look_back", slug=seen.slug, investment="1000.00")
            assert "at the lead's ratios" in sentence
            assert "curve" not in found["smart_sync"]
            assert (await told(client, "preview_copy", slug=seen.slug, investment="500.00"))[1]["cost"]
            assert (await told(client, "list_copies"))[1]["results"][0]["id"] == copy.pk
            sentence, figures = await told(client, "read_copy", copy_id=copy.pk)
            assert "in sync" in sentence
            assert "BTC" in [position["coin"] for position in figures["comparison"]["positions"]]
            assert (await told(client, "list_copy_orders", copy_id=copy.pk))[0] == "1 order."
            assert (await told(client, "read_activity"))[1] == (await told(client, "read_activity", copy_id=copy.pk))[1]
            assert (await told(client, "read_wallet"))[0] == "9000.00 can be used, of 9000.00; it is PAPER money."
            assert len((await told(client, "read_statement", copy_id=copy.pk))[1]["trades"]) == 1
            assert len((await told(client, "list_markets"))[1]["markets"]) == 3

        ask(over_pipes(live_server.url, key_of(follower, "read")), asking)

    def test_says_no_in_the_words_of_the_platform(
        self, live_server: LiveServer, world: World, lead: Lead, follower: User
    ) -> None:
        catch_up(world)

        async def asking(client: Client) -> None:
            assert "There is nothing here. (not_found)" in await refused(client, "read_copy", copy_id=4711)
            assert "not_found" in await refused(client, "read_lead", slug="nobody")
            assert "slug" in await refused(client, "read_lead", slug="../wallet")
            poor = await refused(client, "preview_copy", slug=lead.slug, investment="99.99")
            assert "at least 100 USDT" in poor
            assert "not_found" in await refused(client, "read_lead_account")
            assert "copy_id" in await refused(client, "read_copy", copy_id="one")

        ask(within(live_server.url, key_of(follower, "read", "copy", "lead")), asking)


class TestLeading:
    def test_trades_paper_money_and_writes_within_the_scope(
        self, live_server: LiveServer, world: World, lead: Lead
    ) -> None:
        catch_up(world)

        async def asking(client: Client) -> None:
            assert await names(client) == READS | WRITES
            assert (await told(client, "read_own_lead"))[0] == "You lead as Basalt: ACTIVE."
            assert (await told(client, "read_lead_account"))[1]["cash"] == "10000.00"
            buy = {"market": "BTC-USDT", "side": "BUY", "equity_share": "0.1"}
            sentence, preview = await told(client, "preview_lead_order", **buy)
            assert sentence.startswith(f"BUY {preview['quantity']} in BTC-USDT with 0 followers'")
            first = await told(client, "place_lead_order", **buy, request_key="the-same-key")
            again = await told(client, "place_lead_order", **buy, request_key="the-same-key")
            assert first == again
            limit = {"market": "ETH-USDT", "side": "BUY", "value": "500", "price_limit": "2000"}
            _, order = await told(client, "place_lead_order", **limit)
            assert (await told(client, "list_lead_orders"))[0] == "2 orders."
            sentence, _ = await told(client, "cancel_lead_order", order_id=order["id"])
            assert sentence == f"Order {order['id']} is CANCELED, 0 filled."
            assert (await told(client, "write_to_followers", text="Buying slowly."))[0] == "Your followers have it."
            assert "one of quantity" in await refused(client, "place_lead_order", market="BTC-USDT", side="BUY")

        ask(over_pipes(live_server.url, key_of(lead.user, "read", "lead")), asking)

        assert LeadOrder.objects.count() == 2
        assert LeadNotice.objects.get().text == "Buying slowly."

    def test_is_not_offered_where_the_key_or_the_money_does_not_allow_it(
        self, live_server: LiveServer, world: World, lead: Lead, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        catch_up(world)
        reading, leading = key_of(lead.user, "read"), key_of(lead.user, "read", "lead", "lead:money")

        assert ask(within(live_server.url, reading), names) == READS
        assert ask(within(live_server.url, leading), names) == READS | WRITES

        # The server of the test is in this process: from now on it says that the money is real.
        words = wallet.money_words()
        monkeypatch.setattr(wallet, "money_words", lambda: type(words)(**{**vars(words), "is_paper": False}))
        assert ask(within(live_server.url, leading), names) == READS


class TestDoor:
    @pytest.mark.parametrize(
        ("url", "key", "words"),
        [
            ("http://copy.example.org", "sk_key", "write https"),
            ("ftp://localhost", "sk_key", "no address of a platform"),
            ("http://localhost:8000", "", "There is no key"),
            ("http://localhost:8000", "sk_key\nX-Other: 1", "There is no key"),
        ],
    )
    def test_stays_closed_to_what_would_give_the_key_away(self, url: str, key: str, words: str) -> None:
        with pytest.raises(DoorClosed, match=words):
            Door(url=url, key=key)

    @pytest.mark.parametrize(
        ("has_platform", "words"), [(True, "This token is not good any more"), (False, "gave no answer")]
    )
    def test_ends_with_a_sentence_and_two(
        self,
        live_server: LiveServer,
        world: World,
        monkeypatch: pytest.MonkeyPatch,
        has_platform: bool,
        words: str,
    ) -> None:
        monkeypatch.setenv("SMARTSYNC_KEY", "sk_unknown")

        with pytest.raises(CommandError, match=words) as end:
            call_command("mcp", url=live_server.url if has_platform else "http://127.0.0.1:1")

        assert end.value.returncode == 2

    def test_sends_a_key_nowhere_else(self, monkeypatch: pytest.MonkeyPatch) -> None:
        heard: list[str] = []

        class Elsewhere(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                heard.append(self.path)
                self.send_response(302)
                self.send_header("Location", f"http://127.0.0.1:{server.server_port}/elsewhere")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        with HTTPServer(("127.0.0.1", 0), Elsewhere) as server:
            threading.Thread(target=server.serve_forever, daemon=True).start()
            with pytest.raises(Refused, match="answered 302"):
                Door(url=f"http://127.0.0.1:{server.server_port}", key="sk_key").get("me")
            server.shutdown()

        assert heard == ["/api/v1/me"]
