"""A write that moves money happens once, however often it is sent."""

import json
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Event

import pytest
import time_machine
from django.db import connection, connections
from django.db.models import Model

from accounts.api import idempotency
from accounts.api.throttles import RequestsPerMinute
from accounts.models import IdempotentRequest, Transfer, User
from copytrading.models import Copy, CopyFlow, Lead, LimitOrder, ManualOrder
from copytrading.services.personal import retention
from copytrading.services.safety import reconciling
from copytrading.services.wallet import transfers
from tests.api.program import Program
from tests.cast import World, usdt

HUNDRED = {"value": "100.00"}
# `make presses KEYS=50 AT_ONCE=200` sends more.
KEYS, AT_ONCE = int(os.environ.get("KEYS") or 4), int(os.environ.get("AT_ONCE") or 24)


class TestIdempotent:
    def test_answers_a_retry_as_it_answered_first(self, program: Program, follower: User) -> None:
        first, again = (program.post("wallet/deposits", HUNDRED, key="deposit-0001") for _ in range(2))

        assert first.status_code == again.status_code == 201
        assert first.json() == again.json()
        assert "Idempotent-Replayed" not in first
        assert again["Idempotent-Replayed"] == "true"
        assert Transfer.objects.filter(user=follower, units=usdt(100)).count() == 1

    def test_answers_a_refusal_again_even_when_it_would_now_be_done(
        self, world: World, program: Program, follower: User
    ) -> None:
        too_much = {"value": "20000.00"}
        first = program.post("wallet/withdrawals", too_much, key="withdraw-0001")
        world.deposit(follower, "20000")

        again = program.post("wallet/withdrawals", too_much, key="withdraw-0001")

        assert first.status_code == again.status_code == 409
        assert first.json() == again.json()
        assert again["Content-Type"] == "application/problem+json"

    def test_refuses_a_key_that_came_with_another_request(self, program: Program) -> None:
        program.post("wallet/deposits", HUNDRED, key="deposit-0001")

        other_body = program.post("wallet/deposits", {"value": "100.01"}, key="deposit-0001")
        other_address = program.post("wallet/withdrawals", HUNDRED, key="deposit-0001")

        assert [other_body.status_code, other_address.status_code] == [422, 422]
        assert other_body.json()["code"] == "idempotency_key_reused"
        assert "for a deposit of 100.00 USDT; send a new key for another request" in other_body.json()["title"]

    def test_refuses_another_request_although_the_answer_is_forgotten(self, program: Program, follower: User) -> None:
        first = program.post("wallet/deposits", HUNDRED, key="deposit-0001")
        IdempotentRequest.objects.all().delete()

        other = program.post("wallet/deposits", {"value": "100.01"}, key="deposit-0001")
        again = program.post("wallet/deposits", HUNDRED, key="deposit-0001")

        assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
        assert "for a deposit of 100.00 USDT" in other.json()["title"]
        assert (again.status_code, again.json()) == (201, first.json())
        assert Transfer.objects.filter(user=follower, units=usdt(100)).count() == 1

    def test_refuses_a_key_that_was_used_on_a_page(self, world: World, program: Program, follower: User) -> None:
        transfers.deposit(user=follower, units=usdt(7), idempotency_key="page-0001", now=world.now)

        answer = program.post("wallet/withdrawals", HUNDRED, key="page-0001")

        assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_key_reused")
        assert not IdempotentRequest.objects.exists()

    def test_forgets_an_answer_after_thirty_days(self, world: World, program: Program) -> None:
        for number, days in enumerate((31, 29)):
            program.post("wallet/deposits", HUNDRED, key=f"deposit-000{number}")
            kept = IdempotentRequest.objects.filter(key=f"deposit-000{number}")
            assert kept.update(created_at=world.now - timedelta(days=days)) == 1

        gone = retention.forget_what_is_old(now=world.now)

        assert gone["idempotentrequest"] == 1
        assert list(IdempotentRequest.objects.values_list("key", flat=True)) == ["deposit-0001"]

    @pytest.mark.parametrize("key", ["", "short", "with a space", "x" * 65, "schlüssel-0001"])
    def test_asks_for_a_proper_key(self, program: Program, key: str) -> None:
        response = program.post("wallet/deposits", HUNDRED, key=key)

        assert (response.status_code, response.json()["field"]) == (400, "Idempotency-Key")

    def test_keeps_two_people_apart_who_chose_the_same_key(self, program: Program, other_follower: User) -> None:
        program.post("wallet/deposits", HUNDRED, key="deposit-0001")

        response = Program.of(other_follower).post("wallet/deposits", HUNDRED, key="deposit-0001")

        assert response.status_code == 201
        assert "Idempotent-Replayed" not in response

    def test_forgets_a_request_that_was_not_valid(self, program: Program) -> None:
        wrong = program.post("wallet/deposits", {"value": "x"}, key="deposit-0001")

        right = program.post("wallet/deposits", HUNDRED, key="deposit-0001")

        assert [wrong.status_code, right.status_code] == [400, 201]

    def test_forgets_a_request_that_broke(
        self, program: Program, follower: User, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with monkeypatch.context() as broken:
            broken.setattr(transfers, "deposit", None)
            assert program.post("wallet/deposits", HUNDRED, key="deposit-0001").status_code == 500

        assert program.post("wallet/deposits", HUNDRED, key="deposit-0001").status_code == 201

    def test_takes_over_what_somebody_died_at(
        self, program: Program, follower: User, clock: time_machine.Traveller
    ) -> None:
        program.post("wallet/deposits", HUNDRED, key="deposit-0001")
        IdempotentRequest.objects.update(response_status=None, response_body=None)

        at_once = program.post("wallet/deposits", HUNDRED, key="deposit-0001")
        clock.shift(idempotency.GIVEN_UP_AFTER + timedelta(seconds=1))
        later = program.post("wallet/deposits", HUNDRED, key="deposit-0001")

        assert (at_once.status_code, at_once.json()["code"]) == (409, "in_progress")
        assert later.status_code == 201
        # The service knows the key too: one transfer, whoever finishes it.
        assert Transfer.objects.filter(user=follower, units=usdt(100)).count() == 1


@pytest.fixture
def committed(transactional_db: None) -> Iterator[None]:
    """Threads see only what is committed, and close what they opened."""
    yield
    connections.close_all()


class TestParallelRequests:
    def test_start_one_copy_with_one_debit(self, committed: None, world: World, lead: Lead, follower: User) -> None:
        program = Program.of(follower)
        terms = {"lead": lead.slug, "investment": "1000.00"}

        with ThreadPoolExecutor(12) as pool:
            answers = list(pool.map(lambda _: self._start(program, terms), range(50)))

        assert Copy.objects.count() == 1
        assert world.main(follower)["USDT"] == usdt(9000)
        assert {status for status, _ in answers} <= {201, 409}
        assert {code for status, code in answers if status == 409} <= {"in_progress"}
        assert len({code for status, code in answers if status == 201}) == 1

    def test_wait_for_the_first_one_instead_of_doing_it_too(
        self, committed: None, world: World, follower: User, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        program = Program.of(follower)
        begun, go_on = Event(), Event()
        really_deposit = transfers.deposit

        def deposit_slowly(**wanted: object) -> Transfer:
            begun.set()
            assert go_on.wait(10)
            return really_deposit(**wanted)

        monkeypatch.setattr(transfers, "deposit", deposit_slowly)
        with ThreadPoolExecutor(1) as pool:
            first = pool.submit(self._deposit, program)
            assert begun.wait(10)
            second = program.post("wallet/deposits", HUNDRED, key="deposit-0001")
            go_on.set()

        assert (second.status_code, second.json()["code"]) == (409, "in_progress")
        assert first.result() == 201
        assert world.main(follower)["USDT"] == usdt(10_100)

    def test_have_one_effect_for_each_key_whatever_they_ask_for(
        self, committed: None, world: World, lead: Lead, follower: User, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(RequestsPerMinute, "limit", 1_000_000)
        monkeypatch.setattr(RequestsPerMinute, "counts_addresses", False)
        program, copy = Program.of(follower), world.start(follower, lead, "500")
        writes: list[tuple[str, dict[str, str], type[Model]]] = [
            ("wallet/deposits", {"value": "3.00"}, Transfer),
            (f"copies/{copy.pk}/increase", {"value": "10.00"}, CopyFlow),
            ("wallet/orders", {"market": "ETH-USDT", "side": "BUY", "value": "20.00"}, ManualOrder),
            (
                "wallet/orders/limit",
                {"market": "BTC-USDT", "side": "BUY", "value": "30.00", "price_limit": "40000"},
                LimitOrder,
            ),
        ]
        for number in range(KEYS):
            path, body, table = writes[number % len(writes)]
            before = table.objects.count()

            with ThreadPoolExecutor(12) as pool:
                answers = list(
                    pool.map(
                        lambda _, path=path, body=body, number=number: self._send(
                            program, path, body, f"key-{number:05}"
                        ),
                        range(AT_ONCE),
                    )
                )

            assert {told for status, told in answers if status == 409} <= {"in_progress"}, path
            assert {status for status, _ in answers} - {409} in ({200}, {201}), path
            assert len({told for status, told in answers if status != 409}) == 1, path
            assert table.objects.count() == before + 1, path
        assert reconciling.check_ledger().is_clean

    def _send(self, program: Program, path: str, body: dict[str, str], key: str) -> tuple[int, str]:
        try:
            response = program.post(path, body, key=key)
        finally:
            connection.close()
        told = response.json()
        return response.status_code, told["code"] if response.status_code == 409 else json.dumps(told, sort_keys=True)

    def _start(self, program: Program, terms: dict[str, str]) -> tuple[int, str]:
        try:
            response = program.post("copies", terms, key="start-0001")
        finally:
            connection.close()
        body = response.json()
        return response.status_code, str(body.get("id") or body["code"])

    def _deposit(self, program: Program) -> int:
        try:
            return program.post("wallet/deposits", HUNDRED, key="deposit-0001").status_code
        finally:
            connection.close()
