"""Which addresses are called: public ones over https, by the machine that was checked."""

import socket
from typing import Any

import pytest
from pytest_django.fixtures import Settings

from copytrading.services.hooks import posting, targets
from tests.cast import NOON
from tests.hook_receiver import Receiver

PUBLIC = "93.184.215.14"


def names(monkeypatch: pytest.MonkeyPatch, *answers: list[str]) -> list[str]:
    """Let every name mean these machines, another list each time it is asked for; return who was asked for."""
    asked: list[str] = []

    def getaddrinfo(host: str, port: int, **_: Any) -> list[Any]:
        machines = answers[min(len(asked), len(answers) - 1)]
        asked.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (machine, port)) for machine in machines]

    monkeypatch.setattr(targets.socket, "getaddrinfo", getaddrinfo)
    return asked


class TestAddress:
    @pytest.mark.parametrize(
        "address",
        [
            "",
            "example.org",
            "ftp://example.org/",
            "file:///etc/passwd",
            "https://",
            "https://[",
            "https://example.org:0/",
            "https://example.org:22/",
            "https://example.org:8443/",
            "https://example.org:99999/",
            "https://me:word@example.org/",
            "https://me@example.org/",
            "https://example.org/#part",
            "https://example.org/a b",
            "https://example.org/\r\nX-Header: 1",
            "https://exämple.org/",
            "https://[fe80::1%25eth0]/",
            "https://example.org/" + "x" * 500,
        ],
    )
    def test_is_refused_by_its_letters(self, address: str, db: None) -> None:
        with pytest.raises(targets.WebhookAddressRefused):
            targets.target_of(address)

    def test_without_tls_is_for_developers(self, settings: Settings) -> None:
        settings.WEBHOOK_LOCAL_HOSTS = ["127.0.0.1:80"]
        assert targets.target_of("http://127.0.0.1/").port == 80

        settings.DEVELOPMENT = False

        with pytest.raises(targets.WebhookAddressRefused, match="Only https"):
            targets.target_of("http://127.0.0.1/")

    def test_may_have_a_port_that_operators_opened(self, settings: Settings) -> None:
        settings.WEBHOOK_PORTS = [8443]

        target = targets.target_of("https://example.org:8443/hook?a=1")

        assert (target.port, target.path, target.name) == (8443, "/hook?a=1", "example.org:8443")
        assert targets.target_of("https://EXAMPLE.org").name == "example.org"


class TestMachine:
    @pytest.mark.parametrize(
        "host",
        [
            "127.0.0.1",
            "[::1]",
            "10.0.0.1",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "[::ffff:127.0.0.1]",
            "[::ffff:a9fe:a9fe]",
            "[64:ff9b::a9fe:a9fe]",
            "[64:ff9b:1::1]",
            "[2002:7f00:1::]",
            "[fd00::1]",
            "[fe80::1]",
            "[ff02::1]",
            "[::]",
            "0.0.0.0",
            "100.64.0.1",
            "224.0.0.1",
            "240.0.0.1",
            "255.255.255.255",
            "localhost",
            "2130706433",
            "0x7f.1",
            "017700000001",
        ],
    )
    def test_that_is_not_public_is_refused(self, host: str) -> None:
        with pytest.raises(targets.WebhookAddressRefused):
            targets.machines_of(targets.target_of(f"https://{host}/"))

    @pytest.mark.parametrize(
        "machines", [["127.0.0.1"], ["10.1.2.3"], [PUBLIC, "192.168.0.9"], ["::1"], ["169.254.169.254"], []]
    )
    def test_of_a_name_is_refused_where_anything_it_means_is_not_public(
        self, monkeypatch: pytest.MonkeyPatch, machines: list[str]
    ) -> None:
        names(monkeypatch, machines)

        with pytest.raises(targets.WebhookAddressRefused):
            targets.machines_of(targets.target_of("https://hooks.example.org/"))

    @pytest.mark.parametrize("machine", [PUBLIC, "8.8.8.8", "2606:4700::1111", "64:ff9b::808:808"])
    def test_that_is_public_is_taken(self, machine: str) -> None:
        assert targets.is_public(machine)

    def test_is_called_as_it_was_checked_though_the_name_means_another_one_now(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        asked = names(monkeypatch, [PUBLIC], ["127.0.0.1"])
        called: list[Any] = []

        def connect(place: Any, timeout: float) -> None:
            called.append(place)
            raise ConnectionRefusedError("closed")

        monkeypatch.setattr(posting.socket, "create_connection", connect)
        answer = posting.post(address="https://hooks.example.org/", headers={}, payload="{}", seconds_max=5, now=NOON)

        assert called == [(PUBLIC, 443)]
        assert asked == ["hooks.example.org"]
        assert (answer.status, answer.is_taken) == (None, False)


class TestPost:
    def post(self, receiver: Receiver, *, seconds_max: float = 5) -> posting.Answer:
        headers = {"webhook-id": "notice_1"}
        return posting.post(
            address=receiver.address, headers=headers, payload='{"a": "ü"}', seconds_max=seconds_max, now=NOON
        )

    def test_says_what_was_answered(self, receiver: Receiver) -> None:
        receiver.answers = lambda path, number: [204, 500, 410][number]

        answers = [self.post(receiver) for _ in range(3)]

        assert [answer.status for answer in answers] == [204, 500, 410]
        assert [answer.is_taken for answer in answers] == [True, False, False]
        assert receiver.arrivals[0].event == {"a": "ü"}
        assert receiver.arrivals[0].headers["host"] == receiver.host

    def test_follows_no_redirect(self, receiver: Receiver) -> None:
        receiver.answers = lambda path, number: "redirect"

        answer = self.post(receiver)

        assert (answer.status, answer.is_taken) == (302, False)
        assert [arrival.path for arrival in receiver.arrivals] == ["/hook"]

    def test_ends_with_its_time_however_slowly_somebody_answers(self, receiver: Receiver) -> None:
        receiver.answers = lambda path, number: "drip"

        answer = self.post(receiver, seconds_max=0.5)

        assert answer.trouble == "There was no answer within 0.5 seconds."
        assert 400 < answer.milliseconds < 3000

    def test_reads_a_bounded_part_of_an_answer(self, receiver: Receiver) -> None:
        receiver.answers = lambda path, number: "flood"

        answer = self.post(receiver)

        assert answer.status == 200
        assert answer.milliseconds < 3000

    @pytest.mark.parametrize("way", ["hang up", "nonsense"])
    def test_takes_what_is_no_answer_for_none(self, receiver: Receiver, way: str) -> None:
        receiver.answers = lambda path, number: way

        answer = self.post(receiver)

        assert answer.status is None
        assert answer.trouble

    def test_trusts_no_receiver_without_a_certificate(self, receiver: Receiver) -> None:
        answer = posting.post(
            address=receiver.address.replace("http:", "https:"), headers={}, payload="{}", seconds_max=5, now=NOON
        )

        assert answer.status is None
        assert answer.trouble
        assert receiver.arrivals == []
