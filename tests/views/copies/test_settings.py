"""The settings of a copy, as they come without a script."""

import re

import pytest
from django.test import Client
from django.urls import reverse

from copytrading.models import Copy, CopyFlow
from copytrading.services.copies import verbs as copies
from tests.cast import World, usdt
from tests.views.copy_pages import hidden_fields, page, send


class TestCopySettings:
    def test_previews_an_increase_and_does_it_when_confirmed(self, signed_in: Client, copy: Copy) -> None:
        wish = {"change": "investment", "direction": "increase", "value": "1,000"}
        preview = send(signed_in, "copy_settings", copy, **wish)
        assert "1,000.00 → 2,000.00" in preview
        assert "Buy BTC" in preview
        copy.refresh_from_db()
        assert copy.invested_units == usdt(1000)

        send(signed_in, "copy_settings", copy, **hidden_fields(preview))

        copy.refresh_from_db()
        assert copy.invested_units == usdt(2000)

    def test_changes_once_however_often_it_is_confirmed(self, signed_in: Client, copy: Copy) -> None:
        wish = {"change": "investment", "direction": "increase", "value": "500"}
        confirmation = hidden_fields(send(signed_in, "copy_settings", copy, **wish))

        for _ in range(3):
            send(signed_in, "copy_settings", copy, **confirmation)

        assert CopyFlow.objects.filter(copy=copy, kind=CopyFlow.Kind.INCREASE).count() == 1

    def test_shows_how_the_stop_loss_moves_when_money_is_taken_out(self, signed_in: Client, copy: Copy) -> None:
        preview = send(signed_in, "copy_settings", copy, change="investment", direction="reduce", value="400")

        assert "Take out 400.00 USDT" in preview
        assert re.search(r"850\.00 → 509\.\d\d", preview), "a loss stays the same share of what is invested"

    def test_takes_a_stop_loss_in_percent(self, signed_in: Client, copy: Copy) -> None:
        preview = send(signed_in, "copy_settings", copy, change="stop_loss", kind="percent", stop_loss="20")
        assert "850.00 → 800.00" in preview

        send(signed_in, "copy_settings", copy, **hidden_fields(preview))

        copy.refresh_from_db()
        assert copy.stop_loss_units == usdt(200)

    def test_takes_the_stop_loss_away(self, signed_in: Client, copy: Copy) -> None:
        preview = send(signed_in, "copy_settings", copy, change="stop_loss", kind="none", stop_loss="150")

        send(signed_in, "copy_settings", copy, **hidden_fields(preview))

        copy.refresh_from_db()
        assert copy.stop_loss_units is None

    def test_warns_of_a_stop_loss_that_is_reached_already(self, signed_in: Client, copy: Copy) -> None:
        preview = send(signed_in, "copy_settings", copy, change="stop_loss", kind="cash", stop_loss="0.01")

        assert "it would stop itself within seconds" in preview

    def test_pauses_and_resumes(self, signed_in: Client, copy: Copy) -> None:
        send(signed_in, "copy_settings", copy, change="pause")
        copy.refresh_from_db()
        assert copy.status == Copy.Status.PAUSED
        assert "Resume" in page(signed_in, "copy_settings", copy)

        send(signed_in, "copy_settings", copy, change="resume")

        copy.refresh_from_db()
        assert copy.status == Copy.Status.ACTIVE

    @pytest.mark.parametrize(
        ("fields", "sentence"),
        [
            ({"direction": "increase", "value": "99,999"}, "Your wallet has 9,000.00 USDT"),
            ({"direction": "reduce", "value": "950"}, "At least 100 USDT must stay"),
            ({"direction": "increase", "value": "ten"}, "Enter a number such as"),
            ({"direction": "increase", "value": "0"}, "Enter a value above zero."),
            ({"direction": "increase", "value": ""}, "How much?"),
        ],
    )
    def test_refuses_in_a_sentence_and_keeps_what_was_typed(
        self, signed_in: Client, copy: Copy, fields: dict[str, str], sentence: str
    ) -> None:
        content = send(signed_in, "copy_settings", copy, change="investment", **fields)

        assert sentence in content
        assert f'value="{fields["value"]}"' in content or not fields["value"]
        assert 'value="confirm"' not in content

    @pytest.mark.parametrize(
        ("kind", "loss", "sentence"),
        [
            ("cash", "1000", "Enter less than what is invested."),
            ("percent", "100", "Enter less than 100 %."),
            ("cash", "", "At which loss?"),
        ],
    )
    def test_refuses_a_stop_loss_that_makes_no_sense(
        self, signed_in: Client, copy: Copy, kind: str, loss: str, sentence: str
    ) -> None:
        content = send(signed_in, "copy_settings", copy, change="stop_loss", kind=kind, stop_loss=loss)

        assert sentence in content

    def test_changes_nothing_about_a_copy_that_stops(self, signed_in: Client, copy: Copy, world: World) -> None:
        copies.stop_copy(copy_id=copy.pk, now=world.now)

        content = send(signed_in, "copy_settings", copy, change="pause")

        assert "nothing can be changed any more" in content

    def test_is_asked_for_something_it_knows(self, signed_in: Client, copy: Copy) -> None:
        response = signed_in.post(reverse("copy_settings", args=[copy.pk]), {"change": "lead"})

        assert response.status_code == 400
