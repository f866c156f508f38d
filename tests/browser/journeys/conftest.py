"""
The surroundings that journeys are walked in.

A test names those of `make test` (`@walked("de-phone-dark")`); READERS=all, as `make journeys` sets it, walks each in
every language, on both screens, in both lights; READERS="de-desk-light en-phone-dark" in those.
"""

import os
from collections.abc import Iterator
from itertools import product
from pathlib import Path

import pytest
from django.test import Client
from playwright.sync_api import Browser
from pytest_django.fixtures import Settings

from accounts.models import User
from tests.browser.journeys.reader import ENGLISH, GERMAN, LONGER, SCREENS, Reader, Surroundings
from tests.languages.catalogue import write_pseudo_locale
from tests.sign_in import sign_in

ALL = [Surroundings(*parts) for parts in product((ENGLISH, GERMAN, LONGER), SCREENS, ("light", "dark"))]
ASKED = os.environ.get("READERS", "")
LOCALES = {ENGLISH: "en-US", GERMAN: "de-DE", LONGER: "de-DE"}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Walk a journey in the surroundings that were asked for, else in those that its test names."""
    if "around" not in metafunc.fixturenames:
        return
    marker = metafunc.definition.get_closest_marker("walked")
    named = ASKED.split() if ASKED and ASKED != "all" else list(marker.args if marker else ())
    chosen = ALL if ASKED == "all" else [one for one in ALL if str(one) in named]
    metafunc.parametrize("around", chosen, ids=str)


@pytest.fixture
def reader(
    around: Surroundings, browser: Browser, site_url: str, settings: Settings, tmp_path: Path
) -> Iterator[Reader]:
    """Somebody at a browser in these surroundings; in the end nothing was wrong with any page that was looked at."""
    settings.SMARTSYNC_BELL = True
    settings.MAILBOX_FOLDER = tmp_path / "mails"
    if around.language == LONGER:
        settings.LOCALE_PATHS = [write_pseudo_locale(tmp_path, GERMAN)]
    width, height = SCREENS[around.screen]
    context = browser.new_context(
        locale=LOCALES[around.language],
        color_scheme="dark" if around.light == "dark" else "light",
        viewport={"width": width, "height": height},
        reduced_motion="reduce",
        has_touch=around.screen == "phone",
    )
    page = context.new_page()
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda said: complaints.append(said.text) if "Content Security Policy" in said.text else None)
    brand = settings.SMARTSYNC_BRAND
    names = [brand.name, brand.short_name, brand.mode_name, brand.tagline, *(text.title for text in brand.legal)]

    reader = Reader(page=page, site_url=site_url, around=around, names=names)
    yield reader

    context.close()
    assert reader.found == {}
    assert complaints == []


@pytest.fixture
def be(reader: Reader, settings: Settings) -> "Becoming":
    return Becoming(reader, settings.SESSION_COOKIE_NAME)


class Becoming:
    """Signs somebody in at the reader's browser, who is written to in the reader's language."""

    def __init__(self, reader: Reader, cookie: str) -> None:
        self._reader, self._cookie = reader, cookie

    def __call__(self, user: User) -> None:
        User.objects.filter(pk=user.pk).update(language=self._reader.around.code)
        user.refresh_from_db()
        client = sign_in(Client(), user)
        self._reader.sign_in(self._cookie, client.cookies[self._cookie].value)
