"""
Who walks a journey: a person with a language, a screen and a light, who looks for sentences by their English.

    reader.says("Copy %(lead)s", lead="Basalt")    the sentence as this reader's pages have it
    reader.figure("1,000.00")                      a figure as this reader's pages have it
    reader.look("wizard")                          notes what is wrong with the page as it stands

A sentence that is in no catalogue raises: a journey cannot go on looking for words that nobody says any more.
"""

import os
import re
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from django.conf import settings
from django.utils.translation import gettext, ngettext, override, pgettext
from playwright.sync_api import Locator, Page, expect

from accounts.identity.places import written
from tests.browser.journeys.looks import FAULTS, READ, foreign_in
from tests.languages.catalogue import po_of, strings_of

# Where to put pictures of the pages, for somebody who wants to look at them.
SHOTS = os.environ.get("SHOTS", "")
ENGLISH, GERMAN, LONGER = "en", "de", "longer"
# Of people and of pages.
ADDRESSES = re.compile(r"[\w.+-]+@[\w.-]+|https?://\S+")
SCREENS = {"phone": (390, 844), "desk": (1440, 900)}


@dataclass(frozen=True)
class Surroundings:
    """In which language, on which screen and in which light somebody reads; LONGER is English, bracketed, as German."""

    language: str
    screen: str
    light: str

    def __str__(self) -> str:
        return f"{self.language}-{self.screen}-{self.light}"

    @property
    def code(self) -> str:
        """The language as the platform calls it."""
        return GERMAN if self.language == LONGER else self.language


@dataclass
class Reader:
    """A person at a browser, and what that person found wrong."""

    page: Page
    site_url: str
    around: Surroundings
    names: list[str]
    found: dict[str, list[str]] = field(default_factory=dict)
    looked: int = 0

    # -- What stands on this reader's pages ----------------------------------------------------------------------------

    def says(self, said: str, context: str = "", **figures: object) -> str:
        """Return a sentence of the catalogue in the reader's language."""
        assert said in messages(), f"no page says {said!r} any more"
        with override(self.around.code):
            text = pgettext(context, said) if context else gettext(said)
        text = str(text % figures) if figures else text.replace("%%", "%")
        return text.replace("{cash}", settings.SMARTSYNC_CASH)

    def counts(self, one: str, many: str, number: int, **figures: object) -> str:
        """Return a sentence of the catalogue for a number of things."""
        with override(self.around.code):
            return str(ngettext(one, many, number) % figures)

    def figure(self, figure: str) -> str:
        """Return a figure that is written in English here, as the reader's pages have it."""
        with override(self.around.code):
            return written(figure)

    # -- What the reader does ------------------------------------------------------------------------------------------

    def open(self, path: str) -> None:
        self.page.goto(f"{self.site_url}{path}")

    def press(self, said: str, within: Locator | Page | None = None, **figures: object) -> None:
        (within or self.page).get_by_role("button", name=self.says(said, **figures), exact=True).first.click()

    def follow(self, said: str, within: Locator | Page | None = None, **figures: object) -> None:
        """Follow a link, which may say more to who listens."""
        (within or self.page).get_by_role("link", name=self.says(said, **figures)).first.click()

    def fill(self, said: str, value: str, within: Locator | Page | None = None) -> None:
        """Type a text under a label."""
        (within or self.page).get_by_label(self.says(said), exact=True).first.fill(value)

    def fill_in(self, selector: str, figure: str) -> None:
        """Type a figure, written in English here, as this reader writes it."""
        self.page.locator(selector).first.fill(self.figure(figure))

    def reads(self, said: str, within: Locator | None = None, **figures: object) -> None:
        """Wait until a sentence stands on the page."""
        expect(within or self.page.locator("body")).to_contain_text(self.says(said, **figures), timeout=10_000)

    def reads_figure(self, figure: str, selector: str = "main") -> None:
        expect(self.page.locator(selector)).to_contain_text(self.figure(figure), timeout=10_000)

    def looks(self, name: str, path: str) -> None:
        """Open a page and look at it."""
        self.open(path)
        self.look(name)

    def look(self, name: str) -> None:
        """Note what is cut, what lies over something else, and what is said in another language than the reader's."""
        self.page.wait_for_load_state()
        self.looked += 1
        faults: list[str] = self.page.evaluate(FAULTS)
        self.note(name, faults)
        self.read(name, self.page.evaluate(READ))
        if SHOTS:
            folder = Path(SHOTS)
            folder.mkdir(parents=True, exist_ok=True)
            path = folder / f"{name}-{SCREENS[self.around.screen][0]}-{self.around.light}-{self.around.language}.png"
            self.page.screenshot(path=path, full_page=True, caret="initial")

    def read(self, name: str, texts: list[str]) -> None:
        """Note what of some texts is said in another language than the reader's."""
        if self.around.language != ENGLISH:
            names = [*self.names, *ADDRESSES.findall(" ".join(texts))]
            self.note(name, foreign_in(texts, names=names, is_bracketed=self.around.language == LONGER))

    def note(self, name: str, faults: list[str]) -> None:
        if faults:
            self.found.setdefault(name, []).extend(faults)

    def sign_in(self, cookie: str, value: str) -> None:
        """Be somebody from now on, by the cookie of a session."""
        self.page.context.clear_cookies(name=cookie)
        cookies: list[Any] = [{"name": cookie, "value": value, "url": self.site_url}]
        self.page.context.add_cookies(cookies)


@cache
def messages() -> frozenset[str]:
    """Return every sentence of the catalogue, as it is in English."""
    return frozenset(said for _, said in strings_of(po_of(GERMAN)))
