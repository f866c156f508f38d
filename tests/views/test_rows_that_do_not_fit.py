"""Rows that this version does not understand and coins that nobody can value: a sentence each, and never an error."""

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from accounts.models import User
from copytrading.models import Copy, Mark
from copytrading.services.copies import verbs as copies
from tests.api.program import Program
from tests.cast import World
from tests.views.copy_pages import page, send
from tests.views.scenes import settle_now

pytestmark = pytest.mark.usefixtures("old_prices_are_fine")

PAGES = ("copy_detail", "copy_live", "copy_settings", "copy_stop")
UNKNOWN_MODE = "terms that this version of the platform does not know (MIRROR)"
UNPRICED = "BTC has no price at the moment"


def read_everything(client: Client, program: Program, copy: Copy) -> dict[str, str]:
    """Return what every page and address of a copy answers; none of them an error of ours."""
    answers = {name: client.get(reverse(name, args=[copy.pk])) for name in PAGES}
    answers |= {name: client.get(reverse(name)) for name in ("my_copies", "activity", "discover", "wallet")}
    answers["lead_detail"] = client.get(reverse("lead_detail", args=[copy.lead.slug]))
    for part in ("", "/coins", "/record", "/activity", "/gap"):
        answers[f"copies{part}"] = program.get(f"copies/{copy.pk}{part}")
    answers["copies/"] = program.get("copies")
    answers["change"] = program.post(f"copies/{copy.pk}/change-preview", {"change": "increase", "value": "100.00"})
    answers["quote"] = program.get(f"copies/{copy.pk}/stop-quote")
    assert {name: answer.status_code for name, answer in answers.items() if answer.status_code >= 500} == {}
    return {name: answer.content.decode() for name, answer in answers.items()}


class TestAModeThatNobodyKnows:
    @pytest.fixture(autouse=True)
    def _loose(self, db: None) -> None:
        """Let the database take what a later version of the program may write."""
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT conname FROM pg_constraint WHERE conrelid = 'copytrading_copy'::regclass AND contype = 'c'"
                " AND pg_get_constraintdef(oid) LIKE '%CUSTOM_RATIO%'"
            )
            for (name,) in cursor.fetchall():
                cursor.execute(f'ALTER TABLE copytrading_copy DROP CONSTRAINT "{name}"')

    @pytest.fixture
    def strange(self, copy: Copy) -> Copy:
        """A copy on terms of another version of the program."""
        Copy.objects.filter(pk=copy.pk).update(mode="MIRROR")
        copy.refresh_from_db()
        return copy

    def test_has_its_sentence_on_every_page_and_in_the_api(self, signed_in: Client, follower: User, strange: Copy):
        answers = read_everything(signed_in, Program.of(follower), strange)

        assert UNKNOWN_MODE in answers["copy_detail"]
        assert UNKNOWN_MODE in answers["copies"]
        assert "terms not known" in answers["my_copies"]
        assert "answered" not in answers["copy_detail"]

    def test_takes_no_more_money_and_can_be_stopped(
        self, signed_in: Client, follower: User, strange: Copy, world: World, old_prices_are_fine: None
    ):
        refused = send(signed_in, "copy_settings", strange, change="investment", direction="increase", value="100")

        copies.stop_copy(copy_id=strange.pk, now=world.now)
        settle_now(world)

        assert Copy.objects.get(pk=strange.pk).status == Copy.Status.STOPPED
        assert "does not know" in refused


class TestACoinThatCannotBeValued:
    @pytest.fixture
    def dark(self, copy: Copy) -> Copy:
        """A copy of a lead whose coin has lost its mark."""
        Mark.objects.filter(market__symbol="BTC-USDT").delete()
        return copy

    def test_has_its_sentence_on_every_page_and_in_the_api(self, signed_in: Client, follower: User, dark: Copy):
        answers = read_everything(signed_in, Program.of(follower), dark)

        for name in ("copy_detail", "copy_live", "my_copies", "copy_settings", "copy_stop", "copies"):
            assert UNPRICED in answers[name], name
        assert "no price" in answers["quote"]
        assert "no price" in answers["change"]

    def test_is_refused_a_quote_rather_than_given_a_wrong_one(self, signed_in: Client, dark: Copy):
        content = page(signed_in, "copy_stop", dark)

        assert "You would get back" not in content
        assert "Stop and return the money" in content, "the way out is open all the same"

    def test_changes_nothing_half(self, signed_in: Client, dark: Copy, world: World):
        before = world.held(dark.ledger_account), Copy.objects.get(pk=dark.pk).invested_units

        for direction in ("increase", "reduce"):
            content = send(
                signed_in, "copy_settings", dark, change="investment", direction=direction, value="100", step="confirm",
                key=direction,
            )  # fmt: skip
            assert "no price" in content

        assert (world.held(dark.ledger_account), Copy.objects.get(pk=dark.pk).invested_units) == before
