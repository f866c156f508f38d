"""The picture of a lead that goes along with a link, and what a page says of itself to whoever shows the link."""

from io import BytesIO

import pytest
from django.test import Client
from django.urls import reverse
from PIL import Image

from copytrading.models import Lead
from copytrading.queries.leads import listing
from copytrading.templatetags import cards
from copytrading.views.leads import sharing
from tests.cast import World
from tests.views.scenes import counted_queries, record

pytestmark = pytest.mark.usefixtures("old_prices_are_fine")


def address(lead: Lead, language: str = "en") -> str:
    return reverse("lead_card", args=[lead.slug, language])


class TestTheCard:
    def test_is_a_picture_of_the_size_that_others_show(self, client: Client, lead: Lead) -> None:
        record(lead, 1.0, 1.1, 0.9, 1.2)

        answer = client.get(address(lead))

        picture = Image.open(BytesIO(answer.content))
        assert (picture.format, picture.size) == ("PNG", (1200, 630))
        assert answer["Cache-Control"] == "public, max-age=3600"
        assert len(answer.content) < 100_000
        assert "Set-Cookie" not in answer.headers

    def test_is_drawn_once_an_hour_and_language(self, client: Client, lead: Lead) -> None:
        first = client.get(address(lead))
        with counted_queries() as asked:
            again = client.get(address(lead))
        german = client.get(address(lead, "de"))

        assert again.content == first.content
        # Who it is, and nothing more.
        assert len(asked) <= 1
        assert german.content != first.content

    def test_is_not_there_for_who_cannot_be_seen_yet_nor_in_a_language_that_nobody_wrote(
        self, client: Client, lead: Lead
    ) -> None:
        assert client.get(address(lead, "tlh")).status_code == 404
        Lead.objects.update(status=Lead.Status.APPLIED, started_at=None)
        assert client.get(address(lead)).status_code == 404

    def test_has_the_three_figures_with_of_how_many_they_are(self, world: World, lead: Lead) -> None:
        record(lead, 1.0, 1.25, 1.0)
        card = listing.card_of(lead, now=world.now)

        figures = cards._figures(card, sharing.settings.SMARTSYNC_BRAND.light)

        assert [label for label, *_ in figures] == ["Return", "Followers kept", "Deepest fall"]
        assert figures[1][2] == "said from five copies on"

    @pytest.mark.parametrize(("name", "written"), [("Quartz & Söhne", "Quartz & Söhne"), ("石英", "quartz")])
    def test_writes_letters_that_its_face_has(self, name: str, written: str) -> None:
        assert cards._letters(name, "quartz") == written


class TestThePage:
    def test_says_what_is_to_be_shown_of_its_link(self, client: Client, lead: Lead) -> None:
        content = client.get(reverse("lead_detail", args=[lead.slug]), {"invitation": "x"}).content.decode()

        assert '<meta property="og:title" content="Basalt on Smart Sync">' in content
        assert '<meta property="og:image" content="http://testserver/leads/basalt/card-en.png">' in content
        # What one came by is not handed on.
        assert '<meta property="og:url" content="http://testserver/leads/basalt/">' in content
        assert 'data-share="http://testserver/leads/basalt/"' in content
