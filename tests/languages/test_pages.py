"""
Every page in the pseudo-locale: what has no brackets around it was never asked of a catalogue.

Names are left: of people, leads, coins, exchanges, codes and addresses, and what people wrote themselves.
"""

from pathlib import Path

import allauth
import django
import pytest
from babel.messages.mofile import read_mo
from django.conf import settings
from django.test import Client
from django.utils.dates import MONTHS, MONTHS_3
from django.utils.translation import override
from pytest_django.fixtures import Settings

from accounts.models import Asset, User
from copytrading.engine.suitability.packs import Pack
from copytrading.models import Complaint, Lead
from smartsync_site.jurisdictions.reading import read_packs
from tests.cast import World
from tests.languages.catalogue import strings_of, write_pseudo_locale
from tests.languages.texts import WORD, runs_outside
from tests.pasts import give_past
from tests.sign_in import sign_in
from tests.site.test_who_may import ABSENT, ADDRESSES, OPERATOR, PROBE, PUBLIC, STEP, things  # noqa: F401

# The stream has no end and no words; operators, probes and those who write programs read English; legal texts are the
# brand's.
NOT_ASKED = ("live/", "metrics", "admin/", "health/", "brand/", ".well-known/", "problems/", "legal/")
# Codes, formats and names that are the same in every language.
NAMES = {
    *("API", "CSV", "JSON", "PDF", "TOTP", "USDT", "UTC", "bp", "ms", "Deutsch", "English", "Binance", "OKX", "Bybit"),
    *(
        "Bitget",
        "Bitcoin",
        "Robot",
        "beancount",
        "https",
        "http",
        "example",
        "org",
        "com",
        "testserver",
        "Max",
        "Uhr",
        "Friends",
    ),
}
# The sign-in's own pages, and what forms say by themselves, are in the catalogues of their libraries.
LIBRARIES = (django, allauth)


def words_in(text: str) -> set[str]:
    """Return the words of a text, in small letters and without the ending of what is somebody's."""
    return {word.removesuffix("’s").lower() for word in WORD.findall(text)}


def of_libraries() -> set[str]:
    """Return every word that the libraries' own catalogues say."""
    words: set[str] = set()
    for library in LIBRARIES:
        for path in Path(library.__path__[0]).rglob("locale/de/LC_MESSAGES/django.mo"):
            with path.open("rb") as file:
                said = [text for strings in strings_of(read_mo(file)).values() for text in strings]
            words |= {word for text in said for word in words_in(text)}
    return words


def written_elsewhere(packs: tuple[Pack, ...]) -> set[str]:
    """Return texts that are no sentences of ours: of people, coins, the brand, and the rules of a jurisdiction."""
    brand = settings.SMARTSYNC_BRAND
    said = {brand.name, brand.short_name, brand.mode_name, brand.tagline}
    said |= {text.title for each in brand.legal for text in (each, *each.translations)}
    for model, columns in (
        (Lead, ("name", "bio")),
        (Asset, ("symbol", "name")),
        (User, ("email",)),
        (Complaint, ("subject", "text")),
    ):
        said |= {text for row in model.objects.values_list(*columns) for text in row}
    for pack in packs:
        said |= {pack.label, pack.warning_without_figure}
        asked = pack.questionnaire
        for question in () if asked is None else asked.questions:
            said |= {question.text, *(choice.text for choice in question.choices)}
    return {text for text in said if len(text) > 1}


def months() -> set[str]:
    with override("de"):
        return {word for month in (MONTHS, MONTHS_3) for name in month.values() for word in words_in(str(name))}


@pytest.fixture
def packs(settings: Settings) -> tuple[Pack, ...]:
    """Ask before a copy what there is to ask, so that those pages are there."""
    found = read_packs(["eu", "uk"], texts=[text.name for text in settings.SMARTSYNC_BRAND.legal])
    settings.SMARTSYNC_JURISDICTIONS, settings.SMARTSYNC_JURISDICTION_DEFAULT = found, "eu"
    return found


@pytest.fixture
def pseudo(settings: Settings, tmp_path: Path) -> None:
    settings.LOCALE_PATHS = [write_pseudo_locale(tmp_path, "de")]
    # What a demo in this folder has sent is in the language that it was sent in.
    settings.MAILBOX_FOLDER = tmp_path / "mails"


class TestEveryPage:
    def test_says_nothing_that_is_in_no_catalogue(
        self,
        pseudo: None,
        packs: tuple[Pack, ...],
        world: World,
        things: dict[str, dict[str, int]],  # noqa: F811
        other_follower: User,
        follower: User,
    ) -> None:
        seen = give_past(world, world.make_lead(User.objects.create_user("seen@example.org"), name="Granite"))
        User.objects.update(language="de")
        known = months() | of_libraries() | {word for name in NAMES for word in words_in(name)}
        left, shown = [], 0
        stranger = Client(headers={"Accept-Language": "de-AT,en;q=0.5"}, raise_request_exception=False)
        member, newcomer = sign_in(Client(), other_follower), sign_in(Client(), follower)
        elsewhere = written_elsewhere(packs)
        for address in ADDRESSES:
            if address.is_api or address.access in (ABSENT, OPERATOR) or address.route.startswith(NOT_ASKED):
                continue
            client = stranger if address.access in (PUBLIC, STEP, PROBE) else member
            client = newcomer if address.route.startswith("leads/<slug:slug>/copy/") else client
            path = address.path(slug=seen.slug, code="lead_full", name="terms", **things.get(address.kind, {}))
            answer = client.get(path)
            if not answer.get("Content-Type", "").startswith("text/html") or answer.streaming:
                continue
            shown += 1
            for run in runs_outside(answer.text, but=elsewhere):
                if unknown := words_in(run) - known:
                    left.append(f"{path}: {' '.join(sorted(unknown))} in: {run}")

        assert not left, "\n".join(left)
        assert shown > 50
