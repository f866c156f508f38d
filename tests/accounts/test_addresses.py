"""Who asks, where proxies stand before us and where none do: nobody chooses the address that they are counted by."""

import pytest
import uvicorn
from django.test import Client, RequestFactory
from pytest_django import Settings

from accounts.addresses import client_address
from smartsync_site.programs import local_programs

PEER, FORGED, CLIENT, OUTER = "198.51.100.7", "203.0.113.9", "192.0.2.44", "198.51.100.8"


def seen(settings: Settings, *, proxies: int, forwarded: str | None, peer: str = PEER) -> str:
    settings.TRUSTED_PROXY_COUNT = proxies
    headers = {} if forwarded is None else {"X-Forwarded-For": forwarded}
    return client_address(RequestFactory().get("/", headers=headers, REMOTE_ADDR=peer))


class TestClientAddress:
    @pytest.mark.parametrize(
        ("proxies", "forwarded", "expected"),
        [
            (0, FORGED, PEER),
            (0, None, PEER),
            (1, CLIENT, CLIENT),
            (1, f"{FORGED}, {CLIENT}", CLIENT),
            (2, f"{FORGED}, {CLIENT}, {OUTER}", CLIENT),
            (2, FORGED, PEER),  # came past the outer proxy
            (1, None, PEER),
            (1, "not an address", PEER),
            (1, f"{CLIENT}:4711", CLIENT),
            (1, "[2001:db8::1]:4711", "2001:db8::1"),
            (1, f"::ffff:{CLIENT}", CLIENT),
        ],
    )
    def test_believes_our_proxies_and_nobody_else(
        self, settings: Settings, proxies: int, forwarded: str | None, expected: str
    ) -> None:
        assert seen(settings, proxies=proxies, forwarded=forwarded) == expected

    def test_is_the_machine_itself_for_who_comes_from_it(self, settings: Settings) -> None:
        assert seen(settings, proxies=0, forwarded=FORGED, peer="127.0.0.1") == "127.0.0.1"

    def test_is_one_for_everybody_who_comes_by_a_socket_file(self, settings: Settings) -> None:
        assert seen(settings, proxies=0, forwarded=FORGED, peer="") == "0.0.0.0"


class TestLimits:
    @pytest.mark.parametrize("proxies", [0, 1, 2])
    def test_hold_against_forged_addresses(self, db: None, settings: Settings, proxies: int) -> None:
        settings.TRUSTED_PROXY_COUNT = proxies
        behind = ["", f", {CLIENT}", f", {CLIENT}, {OUTER}"][proxies]

        answers = [
            Client().post(
                "/accounts/login/",
                {"login": f"person-{number}@example.org", "password": "guess"},
                headers={"X-Forwarded-For": f"203.0.113.{number}{behind}"},
            )
            for number in range(32)
        ]

        assert answers[0].status_code == 200
        assert answers[-1].status_code == 429


class TestTheWebServer:
    def test_leaves_the_peer_alone_and_does_not_name_itself(self) -> None:
        web = next(program for program in local_programs(host="127.0.0.1", port=8000) if program.name == "web")
        arguments = list(web.command)[3:]

        chosen = uvicorn.main.make_context("uvicorn", arguments).params

        assert (chosen["proxy_headers"], chosen["server_header"]) == (False, False)
