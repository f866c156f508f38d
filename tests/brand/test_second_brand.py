"""
Under a second brand no word of the first one is left: at no address, in no error, in no mail and on no paper.

Codes stay: SMART_SYNC, smart_sync, and the names of settings and of what is measured.
"""

import json
import re
from io import BytesIO

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.http import HttpResponse
from django.shortcuts import render
from django.test import Client, RequestFactory
from django.urls import reverse
from django.views import defaults
from pypdf import PdfReader

from accounts.api.problems import server_error
from accounts.journals.ledger_export import beancount_lines
from accounts.models import Asset, User
from copytrading.models import Alarm, Lead, Notice
from copytrading.queries.rules import platform_rules
from copytrading.services.running import sirens
from copytrading.services.safety import alarms
from copytrading.services.telling.letters import letter_of
from smartsync_site.brand import Brand
from tests.api.program import Program
from tests.cast import NOON, World
from tests.pasts import give_past
from tests.sign_in import sign_in
from tests.site.test_who_may import ABSENT, ADDRESSES, OPERATOR, PROBE, PUBLIC, STEP, Address, things  # noqa: F401

# The mode and the platform had one name. What goes on with an underscore is a code.
FIRST = re.compile(r"smart[ -]?sync(?!_)", re.IGNORECASE)
# Answers without an end; names of measurements, which are codes; and what begins a transaction of its own, see below.
NOT_ASKED = {"live/", "api/v1/live", "metrics", "admin/reports/ledger.beancount"}


def words_left(text: str) -> list[str]:
    """Return where the first brand is still named, with what stands around it."""
    return [text[max(found.start() - 60, 0) : found.end() + 60] for found in FIRST.finditer(text)]


def text_of(response: HttpResponse) -> str:
    body = b"".join(response.streaming_content) if response.streaming else response.content  # type: ignore[attr-defined]
    if body.startswith(b"%PDF"):
        reader = PdfReader(BytesIO(body))
        body = "\n".join(page.extract_text() for page in reader.pages).encode() + str(reader.metadata).encode()
    return body.decode(errors="replace") + str(dict(response.headers))


@pytest.fixture
def seen(world: World, nordlicht: Brand) -> Lead:
    """A lead who can be looked back on."""
    return give_past(world, world.make_lead(User.objects.create_user("seen@example.org"), name="Granite"))


class TestSecondBrand:
    def test_leaves_no_word_of_the_first_at_any_address(
        self,
        nordlicht: Brand,
        seen: Lead,
        things: dict[str, dict[str, int]],  # noqa: F811
        other_follower: User,
        follower: User,
        operator: User,
    ) -> None:
        stranger = Client(raise_request_exception=False)
        member, newcomer = sign_in(Client(), other_follower), sign_in(Client(), follower)
        panel, program = sign_in(Client(), operator), Program.of(other_follower)
        asked = {"slug": seen.slug, "code": "lead_full", "version": nordlicht.version, "name": "terms"}
        shown = 0

        def look(client: Client, address: Address, **headers: str) -> None:
            nonlocal shown
            path = address.path(**asked, **things.get(address.kind, {}))
            answer = client.get(path, headers=headers)
            left = words_left(text_of(answer))
            assert not left, (path, left)
            shown += answer.status_code == 200

        for address in ADDRESSES:
            # Of a row that is not there the panel shows nothing.
            if address.route in NOT_ASKED or address.access == ABSENT or "object_id" in address.route:
                continue
            if address.is_api:
                look(Client(raise_request_exception=False), address, Authorization=f"Bearer {program.token}")
            elif address.access == OPERATOR:
                look(panel, address)
            else:
                look(stranger if address.access in (PUBLIC, STEP, PROBE) else member, address)
                if address.route.startswith("leads/<slug:slug>/copy/"):
                    look(newcomer, address)

        # Whoever is only sent away shows nothing.
        assert shown > 150

    def test_has_its_own_words_where_the_first_had_its(
        self, nordlicht: Brand, world: World, seen: Lead, follower: User, other_follower: User, operator: User
    ) -> None:
        copy = world.start(other_follower, seen)
        panel = sign_in(Client(), operator).get(reverse("admin:copytrading_copy_change", args=[copy.pk])).text
        client = sign_in(Client(), follower)
        wizard = client.get(reverse("copy_terms", args=[seen.slug])).text
        back = client.get(reverse("what_if", args=[seen.slug])).text
        described = json.loads(client.get("/api/v1/schema").content)
        manifest = client.get(reverse("manifest")).json()
        worker = client.get(reverse("service_worker")).text
        offline = client.get(reverse("offline")).text

        assert not words_left(wizard + back + panel)
        assert "Mirror" in panel
        assert "Nordlicht operators" in panel
        assert "Mirror" in wizard
        assert "Mirror against Custom copy" in back
        assert "Mirror beside Custom copy" in back
        assert described["info"]["title"] == "Nordlicht"
        assert "`SMART_SYNC` - Mirror" in described["components"]["schemas"]["SizingMode"]["description"]
        assert (manifest["name"], manifest["short_name"]) == ("Nordlicht", "nordlicht")
        assert manifest["theme_color"] == nordlicht.light.accent
        assert '"Nordlicht"' in worker
        assert nordlicht.address_of("colours.css") in worker
        assert "No connection · Nordlicht" in offline
        for page in (wizard, offline):
            assert nordlicht.logo in page
            assert nordlicht.address_of("colours.css") in page
        assert 'href="mailto:help@nordlicht.example"' in wizard
        assert nordlicht.light.accent in client.get(nordlicht.address_of("colours.css")).text

    def test_gives_files_to_be_kept_for_ever_by_their_version_only(self, nordlicht: Brand) -> None:
        client = Client()
        named, old = (client.get(f"/brand/{version}/icon-192.png") for version in (nordlicht.version, "0123456789ab"))

        assert named["Cache-Control"] == "public, max-age=31536000, immutable"
        assert (old.status_code, old["Cache-Control"]) == (200, "no-cache")
        assert named.content == old.content == nordlicht.pictures["icon-192.png"]
        assert not named.cookies
        assert "Vary" not in named or "Cookie" not in named["Vary"]

    def test_has_pages_of_errors_of_its_own(
        self, db: None, nordlicht: Brand, django_assert_num_queries: object
    ) -> None:
        request = RequestFactory().get("/")
        request.COOKIES["theme"] = "dark"
        with django_assert_num_queries(0):  # type: ignore[operator]
            pages = [
                defaults.bad_request(request, ValueError()),
                defaults.permission_denied(request, PermissionError()),
                server_error(request),
                render(None, "404.html"),
            ]
        texts = [page.content.decode() for page in pages]
        client = Client(raise_request_exception=False, enforce_csrf_checks=True)
        texts += [client.post(reverse("theme")).text, client.get("/nowhere/").text]

        assert not [words_left(text) for text in texts if words_left(text)]
        assert all("Nordlicht" in text and nordlicht.logo in text for text in texts)

    def test_writes_every_kind_of_mail_in_its_own_name(
        self, nordlicht: Brand, settings: object, world: World, lead: Lead, follower: User
    ) -> None:
        copy, coin = world.start(follower, lead), Asset.objects.get(symbol="BTC")
        settings.SMARTSYNC_ALARM_MAILS = ["operators@example.org"]  # type: ignore[attr-defined]
        for kind in Notice.Kind:
            about = {"copy": copy, "lead": lead, "asset": coin, "units": 10**8, "value_units": 10**8, "number": 10}
            notice = Notice(user=follower, kind=kind, words="old@example.org", noted_at=NOON, **about)
            letter_of([notice], message_id=kind.value.lower(), rules=platform_rules()).send()
        EmailAddress.objects.create(user=follower, email=follower.email, primary=True, verified=False)
        Client().post(reverse("account_reset_password"), {"email": follower.email})
        Client().post(reverse("account_reset_password"), {"email": "nobody-here@example.org"})
        sign_in(Client(), follower).post(reverse("account_email"), {"action_send": "", "email": follower.email})
        alarms.raise_alarm(kind=Alarm.Kind.CUSTODY_DIFFERS, key="x", sentence="Two units are missing.", now=NOON)
        sirens.sound(now=NOON)

        written = [message.message().as_string() for message in mail.outbox]
        assert len(written) >= len(Notice.Kind) + 3
        assert not [words_left(text) for text in written if words_left(text)]
        assert all(message.from_email == "Nordlicht <no-reply@localhost>" for message in mail.outbox)
        assert mail.outbox[-1].subject.startswith("[Nordlicht] Alarm")
        assert "[Nordlicht] " in mail.outbox[len(Notice.Kind)].subject
        assert "Nordlicht · " in mail.outbox[0].body
        assert "help@nordlicht.example" in mail.outbox[0].body

    def test_signs_statements(self, nordlicht: Brand, world: World, lead: Lead, follower: User) -> None:
        world.start(follower, lead)

        paper = text_of(sign_in(Client(), follower).get(reverse("statement_pdf"), {"period": "all", "lots": "fifo"}))

        assert "Nordlicht" in paper
        assert not words_left(paper)

    @pytest.mark.django_db(transaction=True)
    def test_signs_the_exported_book(self, nordlicht: Brand) -> None:
        book = list(beancount_lines())

        assert book[0] == 'option "title" "Nordlicht"'
        assert not words_left("\n".join(book))
