"""The pages of a follower's copies, as they come without a script; and who may not see them."""

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from copytrading.models import Adjustment, Copy, CopyFlow, CopyRecord, Lead, SyncCycle
from copytrading.services import copies, copy_previews
from tests.cast import World, usdt
from tests.views.scenes import copies_of_new_leads, copy_with_holdings, counted_queries, settle_now


@pytest.fixture
def copy(world: World, lead: Lead, follower: User) -> Copy:
    return copy_with_holdings(world, lead, follower, stop_loss_units=usdt(150))


@pytest.fixture
def signed_in(client: Client, follower: User) -> Client:
    client.force_login(follower)
    return client


def page(client: Client, name: str, copy: Copy | None = None, **options: object) -> str:
    response = client.get(reverse(name, args=[copy.pk] if copy else []), **options)
    assert response.status_code == 200, response.status_code
    return response.content.decode()


def send(client: Client, name: str, copy: Copy, **fields: str) -> str:
    return client.post(reverse(name, args=[copy.pk]), fields, follow=True).content.decode()


def hidden_fields(content: str) -> dict[str, str]:
    """Return what the confirmation on a page would send, as a browser does."""
    form = content[: content.index('value="confirm"')].rpartition("<form")[2] + content.split('value="confirm"', 1)[1]
    inputs = re.findall(r"<input[^>]*>", form.partition("</form>")[0] + 'name="step"')
    fields = {}
    for tag in inputs:
        name, value = re.search(r'name="([^"]*)"', tag), re.search(r'value="([^"]*)"', tag)
        if name and value and name[1] != "csrfmiddlewaretoken":
            fields[name[1]] = value[1]
    return {**fields, "step": "confirm"}


class TestMyCopies:
    def test_invites_somebody_who_copies_nobody(self, signed_in: Client) -> None:
        content = page(signed_in, "my_copies")

        assert "You copy nobody yet" in content

    def test_shows_what_each_copy_is_worth_and_where_it_stops(self, signed_in: Client, copy: Copy) -> None:
        content = page(signed_in, "my_copies")

        assert "Basalt" in content
        assert "stops itself at 850" in content
        assert "in sync" in content
        assert "You bought BTC" in content

    def test_keeps_ended_copies_with_what_came_back(self, signed_in: Client, copy: Copy, world: World) -> None:
        copies.stop_copy(copy_id=copy.pk, now=world.now)
        settle_now(world)
        copy.refresh_from_db()

        content = signed_in.get(reverse("my_copies"), {"show": "ended"}).content.decode()

        assert copy.status == Copy.Status.STOPPED
        assert f"{copy.paid_out_units // 10**6 / 100:,.2f}" in content
        assert "you stopped it" in content

    def test_answers_a_live_page_with_the_moving_part_only(self, signed_in: Client, copy: Copy) -> None:
        content = page(signed_in, "my_copies", headers={"HX-Request": "true"})

        assert "<html" not in content
        assert "Worth now" in content

    def test_shows_nothing_of_somebody_else(self, client: Client, copy: Copy, stranger: User) -> None:
        client.force_login(stranger)

        assert "Basalt" not in page(client, "my_copies")

    @pytest.mark.parametrize("show", ["current", "ended"])
    def test_asks_the_database_as_often_for_twenty_copies_as_for_two(
        self, signed_in: Client, follower: User, world: World, show: str
    ) -> None:
        address = reverse("my_copies") + f"?show={show}"
        few_copies = copies_of_new_leads(world, follower, range(2))
        self._end(few_copies, world, show)
        with counted_queries() as few:
            signed_in.get(address)
        self._end(copies_of_new_leads(world, follower, range(2, 20)), world, show)

        with counted_queries() as many:
            content = signed_in.get(address).content.decode()

        assert content.count("<article") == 20
        assert len(many) == len(few)

    @staticmethod
    def _end(running: list[Copy], world: World, show: str) -> None:
        if show == "ended":
            for copy in running:
                copies.stop_copy(copy_id=copy.pk, now=world.now)
            settle_now(world)


class TestCopyDetail:
    def test_stands_beside_the_lead_coin_by_coin(self, signed_in: Client, copy: Copy) -> None:
        content = page(signed_in, "copy_detail", copy)

        assert "Same ratios" in content
        assert re.search(r"45\.\d / 4[45]\.\d", content), "lead and own weight of BTC"
        assert "You bought BTC" in content
        assert "850 USDT" in content

    def test_draws_the_worth_over_time(self, signed_in: Client, copy: Copy, world: World) -> None:
        CopyRecord.objects.filter(copy=copy).delete()
        for minutes, worth in ((3, "1000"), (2, "1010"), (1, "1005")):
            CopyRecord.objects.create(
                copy=copy,
                recorded_at=world.now - timedelta(minutes=minutes),
                equity_units=usdt(worth),
                invested_units=usdt(1000),
            )

        content = page(signed_in, "copy_detail", copy)

        assert "1010.0]" in content
        assert '<svg class="spark tall gain"' in content

    def test_says_why_less_was_bought_than_wanted(self, signed_in: Client, copy: Copy, world: World) -> None:
        Adjustment.objects.create(
            cycle=SyncCycle.objects.latest("pk"),
            copy=copy,
            asset_id=Lead.objects.get().positions.get().asset_id,
            reason="DEPTH_CAPPED",
            wanted_value_units=usdt("14.05"),
            planned_value_units=usdt("11.20"),
            noted_at=world.now,
        )

        content = page(signed_in, "copy_detail", copy)

        assert "Bought a little less BTC than wanted: 11.20 instead of 14.05 USDT" in content
        assert "The book was thin within 0.5 %; the rest follows when it can." in content

    def test_shows_a_young_copy_by_its_start_and_now(self, signed_in: Client, copy: Copy, world: World) -> None:
        CopyRecord.objects.filter(copy=copy).delete()
        young = page(signed_in, "copy_detail", copy)
        for minutes in (1, 2):
            at = copy.started_at + timedelta(minutes=minutes)
            CopyRecord.objects.create(copy=copy, recorded_at=at, equity_units=usdt(999), invested_units=usdt(1000))

        older = page(signed_in, "copy_detail", copy)

        points = re.search(r'data-points="\[\[\d+,([\d.]+)\],\[\d+,([\d.]+)\]\]"', young)
        assert points and float(points[1]) == 1000.0
        assert float(points[2]) == pytest.approx(1000, rel=0.01)
        assert "This copy has just begun" in young
        assert "This copy has just begun" not in older

    def test_answers_the_live_page_with_everything_that_moves(self, signed_in: Client, copy: Copy) -> None:
        content = page(signed_in, "copy_live", copy)

        assert "<html" not in content
        assert {"copy-head", "copy-figures", "copy-story"} <= set(re.findall(r'id="([^"]+)" hx-swap-oob', content))
        assert "data-chart" not in content

    def test_says_what_came_back_once_it_has_stopped(self, signed_in: Client, copy: Copy, world: World) -> None:
        copies.stop_copy(copy_id=copy.pk, now=world.now)
        stopping = page(signed_in, "copy_detail", copy)
        settle_now(world)

        stopped = page(signed_in, "copy_detail", copy)

        assert "Everything is sold now" in stopping
        assert "Came back to your wallet" in stopped
        assert "It holds nothing any more" in stopped
        assert reverse("copy_settings", args=[copy.pk]) not in stopped


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


class TestCopyStop:
    def test_quotes_what_comes_back_before_anything_is_done(self, signed_in: Client, copy: Copy) -> None:
        content = page(signed_in, "copy_stop", copy)

        assert "You would get back about" in content
        assert "Sell BTC" in content
        copy.refresh_from_db()
        assert copy.status == Copy.Status.ACTIVE

    def test_pays_about_what_was_quoted(self, signed_in: Client, copy: Copy, world: World, follower: User) -> None:
        quoted = copy_previews.quote_stop(copy_id=copy.pk, now=timezone.now()).payout_units

        send(signed_in, "copy_stop", copy)
        settle_now(world)

        copy.refresh_from_db()
        assert copy.status == Copy.Status.STOPPED
        assert abs(copy.paid_out_units - quoted) < usdt("0.05")

    def test_says_so_when_it_is_stopped_already(self, signed_in: Client, copy: Copy) -> None:
        send(signed_in, "copy_stop", copy)

        content = send(signed_in, "copy_stop", copy)

        assert "This copy is stopped already." in content


PAGES = ["copy_detail", "copy_live", "copy_settings", "copy_stop"]


class TestWhoMayNot:
    @pytest.mark.parametrize("name", PAGES)
    @pytest.mark.parametrize("method", ["get", "post"])
    def test_somebody_elses_copy_looks_like_a_missing_one(
        self, client: Client, copy: Copy, stranger: User, name: str, method: str
    ) -> None:
        client.force_login(stranger)

        theirs = getattr(client, method)(reverse(name, args=[copy.pk]), {"change": "pause"})
        missing = getattr(client, method)(reverse(name, args=[copy.pk + 999]), {"change": "pause"})

        assert theirs.status_code == missing.status_code
        assert theirs.status_code == (
            405 if (name, method) in {("copy_detail", "post"), ("copy_live", "post")} else 404
        )
        copy.refresh_from_db()
        assert copy.status == Copy.Status.ACTIVE

    @pytest.mark.parametrize("name", [*PAGES, "my_copies"])
    def test_somebody_unknown_is_sent_to_the_sign_in(self, client: Client, copy: Copy, name: str) -> None:
        response = client.get(reverse(name, args=[] if name == "my_copies" else [copy.pk]))

        assert response.status_code == 302
        assert response["Location"].startswith(reverse("account_login"))
