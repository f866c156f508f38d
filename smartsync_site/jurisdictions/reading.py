"""From the files of packs to their values. What is wrong ends the start with the file, the key and what to do."""

import re
import string
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from environ import ImproperlyConfigured

from copytrading.engine.suitability.packs import RISK_MOST, Band, Choice, Pack, Question, Questionnaire
from smartsync_site.environment import PROJECT

SHIPPED = Path(__file__).resolve().parent / "packs"
NAME = re.compile(r"[a-z][a-z0-9_-]{0,19}")
HOURS_MOST = 24 * 365
POINTS_MOST = 1_000
MONEY_MOST = 10**12
TEXT_MOST, LABEL_MOST = 1_000, 60
MISSING = object()
QUESTIONS_MOST, CHOICES_MOST = 30, 12
# Of a pack, and of each of its parts.
KEYS = {"label", "warning", "warning_without_figure", "cooling_off_hours", "consents", "questionnaire"}
QUESTIONNAIRE_KEYS = {"version", "again_after_hours", "questions", "bands"}


class PackRefused(ImproperlyConfigured):
    """A pack cannot be taken; the message names file, key and remedy."""


def read_packs(given: Sequence[str], *, texts: Sequence[str]) -> tuple[Pack, ...]:
    """
    Return the packs that are named: those that are shipped by their name, others by their path, from the project on.

    :param texts: the legal texts that there are, by name.
    :raises PackRefused: if one of them cannot be taken.
    """
    packs: dict[str, Pack] = {}
    for named in (name.strip() for name in given):
        path = SHIPPED / f"{named}.toml" if NAME.fullmatch(named) else PROJECT / Path(named).expanduser()
        pack = _Reader(path, _content(named, path), texts).pack()
        if pack.name in packs:
            raise PackRefused(f"SMARTSYNC_JURISDICTIONS names {pack.name} twice; take one out.")
        packs[pack.name] = pack
    return tuple(packs.values())


def _content(named: str, path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        shipped = ", ".join(sorted(file.stem for file in SHIPPED.glob("*.toml")))
        raise PackRefused(
            f"SMARTSYNC_JURISDICTIONS names {named}, and {path} cannot be read ({error.strerror}): there are {shipped},"
            " or the path of a file of your own."
        ) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise PackRefused(f"{path} is no TOML: {error}.") from None


class _Reader:
    """One file, and what is to be said of it."""

    def __init__(self, path: Path, given: dict[str, Any], texts: Sequence[str]) -> None:
        self.path, self.given, self.texts = path, given, texts

    def refuse(self, key: str, why: str) -> PackRefused:
        return PackRefused(f"{key} of {self.path} {why}")

    def pack(self) -> Pack:
        if not NAME.fullmatch(self.path.stem):
            raise PackRefused(f"{self.path} is no name for a pack: call the file like ch.toml, in small letters.")
        self.check_keys("", self.given, KEYS)
        plain = self.text("warning_without_figure", self.given, TEXT_MOST, may_be_empty=True)
        warning = self.text("warning", self.given, TEXT_MOST, may_be_empty=True)
        if bool(plain) != bool(warning):
            raise self.refuse("warning", "and warning_without_figure belong together: write both, or leave both empty.")
        self.check_places(warning)
        consents = self.given.get("consents", [])
        if not isinstance(consents, list) or not all(isinstance(text, str) for text in consents):
            raise self.refuse("consents", 'is a list of names of legal texts, like ["terms", "risks"].')
        for text in consents:
            if text not in self.texts:
                known = ", ".join(self.texts) or "none"
                raise self.refuse("consents", f"names {text!r}, and the brand has no such legal text; it has {known}.")
        return Pack(
            name=self.path.stem,
            label=self.text("label", self.given, LABEL_MOST),
            warning=warning,
            warning_without_figure=plain,
            cooling_off_hours=self.whole("cooling_off_hours", self.given, 0, HOURS_MOST, default=0),
            consents=tuple(dict.fromkeys(consents)),
            questionnaire=self.questionnaire(),
        )

    def check_places(self, warning: str) -> None:
        try:
            places = {name for _, name, _, _ in string.Formatter().parse(warning) if name is not None}
        except ValueError as error:
            raise self.refuse("warning", f"has a brace that nothing closes ({error}); write {{share}}.") from None
        if places - {"share"}:
            raise self.refuse("warning", f"has {{{min(places - {'share'})}}}; only {{share}} stands for something.")

    # -- the questionnaire ---------------------------------------------------------------------------------------------

    def questionnaire(self) -> Questionnaire | None:
        if "questionnaire" not in self.given:
            return None
        asked = self.table("questionnaire", self.given["questionnaire"], QUESTIONNAIRE_KEYS)
        questions = self.tables("questionnaire.questions", asked, QUESTIONS_MOST)
        bands = self.tables("questionnaire.bands", asked, CHOICES_MOST)
        return Questionnaire(
            version=self.whole("questionnaire.version", asked, 1, 10**6),
            again_after_hours=self.whole("questionnaire.again_after_hours", asked, 0, HOURS_MOST, default=0),
            questions=self.no_name_twice(
                "questionnaire.questions", [self.question(number, one) for number, one in enumerate(questions, 1)]
            ),
            bands=self.bands(bands),
        )

    def question(self, number: int, given: Any) -> Question:
        key = f"questionnaire.questions {number}"
        self.table(key, given, {"name", "text", "choices"})
        choices = self.tables(f"{key}.choices", given, CHOICES_MOST)
        if len(choices) < 2:
            raise self.refuse(f"{key}.choices", "has one answer; there is something to choose from two on.")
        return Question(
            name=self.name(key, given),
            text=self.text(f"{key}.text", given, TEXT_MOST),
            choices=self.no_name_twice(
                f"{key}.choices", [self.choice(f"{key}.choices {nth}", one) for nth, one in enumerate(choices, 1)]
            ),
        )

    def choice(self, key: str, given: Any) -> Choice:
        self.table(key, given, {"name", "text", "points", "risk_max"})
        return Choice(
            name=self.name(key, given),
            text=self.text(f"{key}.text", given, TEXT_MOST),
            points=self.whole(f"{key}.points", given, -POINTS_MOST, POINTS_MOST),
            risk_max=self.whole(f"{key}.risk_max", given, 0, RISK_MOST, default=RISK_MOST),
        )

    def bands(self, given: list[Any]) -> tuple[Band, ...]:
        key, least = "questionnaire.bands", -POINTS_MOST * QUESTIONS_MOST
        found: list[Band] = []
        for number, one in enumerate(given, 1):
            of = f"{key} {number}"
            self.table(of, one, {"points_min", "risk_max", "invested_max", "share_max", "sentence"})
            # The first is everybody's, however few points that are.
            points_min = least if number == 1 and "points_min" not in one else self.whole(
                f"{of}.points_min", one, least, -least
            )  # fmt: skip
            if number == 1 and points_min > least:
                raise self.refuse(f"{of}.points_min", "leaves somebody with fewer points without a band: take it out.")
            if found and points_min <= found[-1].points_min:
                raise self.refuse(f"{of}.points_min", "is not above the one before: put the bands in order.")
            found.append(
                Band(
                    points_min=points_min,
                    risk_max=self.whole(f"{of}.risk_max", one, 0, RISK_MOST),
                    invested_max=self.whole(f"{of}.invested_max", one, 0, MONEY_MOST)
                    if "invested_max" in one
                    else None,
                    share_max=self.share(f"{of}.share_max", one),
                    sentence=self.text(f"{of}.sentence", one, TEXT_MOST),
                )
            )
        return tuple(found)

    # -- kinds of values -----------------------------------------------------------------------------------------------

    def check_keys(self, key: str, found: dict[str, Any], known: set[str]) -> None:
        for name in found:
            if name not in known:
                raise self.refuse(
                    f"{key}.{name}".lstrip("."),
                    f"is no key; there are {', '.join(sorted(known))}. Take it out or mend its name.",
                )

    def table(self, key: str, found: Any, known: set[str]) -> dict[str, Any]:
        if not isinstance(found, dict):
            raise self.refuse(key, f"is no table; write it with {', '.join(sorted(known))}.")
        self.check_keys(key, found, known)
        return found

    def tables(self, key: str, within: dict[str, Any], most: int) -> list[Any]:
        found = within.get(key.rpartition(".")[2])
        if not isinstance(found, list) or not found or len(found) > most:
            raise self.refuse(key, f"is a list of 1 to {most} tables; write each as [[{key.replace(' ', '.')}]].")
        return found

    def name(self, key: str, within: dict[str, Any]) -> str:
        name = self.text(f"{key}.name", within, 20)
        if not NAME.fullmatch(name):
            raise self.refuse(f"{key}.name", f"is {name!r}; write it in small letters, like experience.")
        return name

    def no_name_twice(self, key: str, found: list[Any]) -> tuple[Any, ...]:
        names = [one.name for one in found]
        if twice := next((name for name in names if names.count(name) > 1), None):
            raise self.refuse(key, f"has {twice!r} twice; rename one of them.")
        return tuple(found)

    def text(self, key: str, within: dict[str, Any], most: int, *, may_be_empty: bool = False) -> str:
        word = within.get(key.rpartition(".")[2], "" if may_be_empty else MISSING)
        if word is MISSING:
            raise self.refuse(key, "is missing: add it as text, in quotes.")
        if not isinstance(word, str):
            raise self.refuse(key, f"is {word!r}; write it as text, in quotes.")
        word = " ".join(word.split())
        if not word and not may_be_empty:
            raise self.refuse(key, "is empty; write something.")
        if len(word) > most:
            raise self.refuse(key, f"has {len(word)} characters; shorten it to {most}.")
        if not word.isprintable():
            raise self.refuse(key, "has a character in it that cannot be shown; take it out.")
        return word

    def whole(self, key: str, within: dict[str, Any], least: int, most: int, *, default: int | None = None) -> int:
        number = within.get(key.rpartition(".")[2], default)
        if number is None:
            raise self.refuse(key, f"is missing: add a whole number from {least} to {most}.")
        if isinstance(number, bool) or not isinstance(number, int) or not least <= number <= most:
            raise self.refuse(key, f"is {number!r}; write a whole number from {least} to {most}.")
        return number

    def share(self, key: str, within: dict[str, Any]) -> float | None:
        if "share_max" not in within:
            return None
        share = within["share_max"]
        if isinstance(share, bool) or not isinstance(share, int | float) or not 0 < share <= 1:
            raise self.refuse(key, f"is {share!r}; write a share above 0, and 1 at most.")
        return float(share)
