"""The pages of a follower's copies, as they come without a script; and who may not see them."""

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from copytrading.models import Adjustment, Copy, CopyRecord, Lead, Notice, SyncCycle
from copytrading.services.copies import previews
from copytrading.services.copies import verbs as copies
from copytrading.views.copies import pages
from tests.cast import World, usdt
from tests.pasts import record_copy
from tests.views.copy_pages import page, send
from tests.views.scenes import copies_of_new_leads, counted_queries, settle_now


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
    def test_goes_from_page_to_page_of_many_copies(
        self, signed_in: Client, follower: User, world: World, monkeypatch: pytest.MonkeyPatch, show: str
    ) -> None:
        monkeypatch.setattr(pages, "COPIES_A_PAGE", 2)
        self._end(copies_of_new_leads(world, follower, range(3)), world, show)

        first, second = (signed_in.get(reverse("my_copies"), {"show": show, "page": page}).text for page in (1, 2))

        names = [re.findall(r"<h2><a [^>]*>(Lead \d)</a>", content) for content in (first, second)]
        assert [len(shown) for shown in names] == [2, 1]
        assert {name for shown in names for name in shown} == {"Lead 0", "Lead 1", "Lead 2"}
        assert f"?show={show}&amp;page=2" in first and "Page 1 of 2" in first
        # What moves asks for the page that it is on, and every page tells of all of them together.
        assert f'hx-get="{reverse("my_copies")}?show={show}&amp;page=2"' in second
        assert ("3 copies, 300 USDT invested" in second) == (show == "current")

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

        assert content.count("<article") == 12 and "Page 1 of 2" in content
        assert len(many) == len(few)

    @staticmethod
    def _end(running: list[Copy], world: World, show: str) -> None:
        if show == "ended":
            for copy in running:
                copies.stop_copy(copy_id=copy.pk, now=world.now)
            settle_now(world)


class TestCopyDetail:
    def test_has_rows_that_sum_to_the_result_above_them(
        self, signed_in: Client, world: World, lead: Lead, follower: User
    ) -> None:
        world.lead_trades(lead, "BTC", "BUY", "0.012")
        world.settle()
        copy = world.start(follower, lead, "100")
        world.settle()
        coins = world.held(copy.ledger_account)["BTC"]
        world.wait(1, BTC=f"{5.01 / coins * 10**8:.2f}")
        copies.stop_copy(copy_id=copy.pk, now=world.now)
        world.settle(looks=90)

        content = page(signed_in, "copy_detail", copy)

        body, _, foot = content.partition("<tbody>")[2].partition("</table>")[0].partition("</tbody>")
        figures = [
            float(text.replace("\N{MINUS SIGN}", "-").replace(",", ""))
            for text in re.findall(r">([+\N{MINUS SIGN}]?[\d,]+\.\d\d)(?:</strong>)?</td>", body + foot)
        ]
        heading = float(re.search(r"Result</dt><dd[^>]*>([^<]*)", content)[1].replace("\N{MINUS SIGN}", "-"))  # type: ignore[index]
        assert sum(figures[:-1]) == pytest.approx(heading) == figures[-1]
        assert "taken over by the platform for 5.0" in body
        assert "was taken over by the platform at the mark for 5.0" in content
        assert "follows later" not in content

    def test_tells_what_was_paid_from_what_was_got(
        self, signed_in: Client, copy: Copy, world: World, lead: Lead
    ) -> None:
        world.lead_trades(lead, "SOL", "BUY", "20")
        world.settle()
        world.wait(SOL="90")
        world.lead_trades(lead, "SOL", "SELL", "20")
        settle_now(world)

        content = page(signed_in, "copy_detail", copy)

        assert re.search(r"all gone again, bought at 100\.\d+, sold at 89\.\d+", content)

    def test_stands_beside_the_lead_coin_by_coin(self, signed_in: Client, copy: Copy) -> None:
        content = page(signed_in, "copy_detail", copy)

        assert "Same ratios" in content
        assert re.search(r"45\.\d / 4[45]\.\d", content), "lead and own weight of BTC"
        assert "You bought BTC" in content
        assert "850 USDT" in content

    def test_draws_the_worth_over_time(self, signed_in: Client, copy: Copy, world: World) -> None:
        CopyRecord.objects.all().delete()
        Copy.objects.filter(pk=copy.pk).update(started_at=world.now - timedelta(minutes=5))
        for minutes, worth in ((3, "1000"), (2, "1010"), (1, "1005")):
            record_copy(copy, world.now - timedelta(minutes=minutes), usdt(worth), usdt(1000))

        content = page(signed_in, "copy_detail", copy)

        worth = re.search(r"&quot;name&quot;:&quot;Worth&quot;.*?&quot;values&quot;:\[([^\]]*)\]", content)
        assert worth and "1000.0,1010.0,1005.0" in worth[1]
        assert '<path class="line gain"' in content

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
        CopyRecord.objects.all().delete()

        young = page(signed_in, "copy_detail", copy)

        assert re.search(r"&quot;name&quot;:&quot;Worth&quot;.*?&quot;values&quot;:\[1000.0,\d+\.\d+\]", young)
        assert "Too early" not in young

    def test_names_what_a_closed_position_was_bought_and_sold_at(
        self, signed_in: Client, copy: Copy, lead: Lead, world: World
    ) -> None:
        world.wait(1, BTC="48000")
        world.lead_trades(lead, "BTC", "SELL", "0.09")
        settle_now(world)

        content = page(signed_in, "copy_detail", copy)

        assert re.search(r"bought at 50,0\d\d\.\d\d, sold at 47,9\d\d\.\d\d", content)

    def test_answers_the_live_page_with_everything_that_moves(self, signed_in: Client, copy: Copy) -> None:
        content = page(signed_in, "copy_live", copy)

        assert "<html" not in content
        swapped = set(re.findall(r'id="([^"]+)" hx-swap-oob', content))
        assert {"copy-head", "copy-figures", "copy-curve", "copy-story"} <= swapped
        assert "data-chart" in content, "the curve ends where the figure stands"

    def test_says_what_came_back_once_it_has_stopped(self, signed_in: Client, copy: Copy, world: World) -> None:
        copies.stop_copy(copy_id=copy.pk, now=world.now)
        stopping = page(signed_in, "copy_detail", copy)
        settle_now(world)

        stopped = page(signed_in, "copy_detail", copy)

        assert "Everything is sold now" in stopping
        assert "Came back to your wallet" in stopped
        assert "It holds nothing any more" in stopped
        assert reverse("copy_settings", args=[copy.pk]) not in stopped


class TestCopyStop:
    def test_quotes_what_comes_back_before_anything_is_done(self, signed_in: Client, copy: Copy) -> None:
        content = page(signed_in, "copy_stop", copy)

        assert "You would get back about" in content
        assert "Sell BTC" in content
        copy.refresh_from_db()
        assert copy.status == Copy.Status.ACTIVE

    def test_pays_about_what_was_quoted(self, signed_in: Client, copy: Copy, world: World, follower: User) -> None:
        quoted = previews.quote_stop(copy_id=copy.pk, now=timezone.now()).payout_units

        send(signed_in, "copy_stop", copy, key="page-1")
        settle_now(world)

        copy.refresh_from_db()
        assert copy.status == Copy.Status.STOPPED
        assert abs(copy.paid_out_units - quoted) < usdt("0.05")

    def test_says_so_when_it_is_stopped_already(self, signed_in: Client, copy: Copy) -> None:
        send(signed_in, "copy_stop", copy, key="page-1")

        content = send(signed_in, "copy_stop", copy, key="page-2")

        assert "This copy is stopped already." in content

    def test_pressed_twice_is_answered_as_once(self, signed_in: Client, copy: Copy) -> None:
        key = re.search(r'name="key" value="(\w+)"', page(signed_in, "copy_stop", copy))
        assert key, "the page has its key"
        first = send(signed_in, "copy_stop", copy, key=key[1])

        again = send(signed_in, "copy_stop", copy, key=key[1])

        assert "is being stopped. The money returns by itself." in first
        assert "is being stopped. The money returns by itself." in again
        assert Notice.objects.filter(copy=copy, kind=Notice.Kind.COPY_STOPPING).count() == 1

    def test_without_the_key_of_its_page_stops_nothing(self, signed_in: Client, copy: Copy) -> None:
        content = send(signed_in, "copy_stop", copy)

        copy.refresh_from_db()
        assert "came without its key" in content
        assert copy.status == Copy.Status.ACTIVE


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
