"""No template says anything that is in no catalogue, in whatever branch of whatever condition."""

from pathlib import Path

import pytest

from tests.languages.catalogue import PROJECT
from tests.languages.texts import words_not_wrapped

TEMPLATES = PROJECT / "templates"
# Operators read English.
OTHERS = ("admin",)
# Names that are the same in every language.
NAMES = {"API", "CSV", "JSON", "PDF", "bp", "ms", "html", "body"}


def ours() -> list[Path]:
    return [path for path in sorted(TEMPLATES.rglob("*.html")) if path.relative_to(TEMPLATES).parts[0] not in OTHERS]


class TestTemplates:
    @pytest.mark.parametrize("path", ours(), ids=lambda path: path.name)
    def test_say_nothing_that_is_in_no_catalogue(self, path: Path) -> None:
        assert not [word for word in words_not_wrapped(path.read_text()) if word not in NAMES]


class TestWordsNotWrapped:
    @pytest.mark.parametrize(
        ("source", "words"),
        [
            ('{% translate "Hello" %} {{ name }}', []),
            ("{% blocktranslate %}Hello {{ name }}{% endblocktranslate %}", []),
            ("{% if x %}Hello{% endif %}", ["Hello"]),
            ('<p title="Hello" class="wide"></p>', ["Hello"]),
            ('<p title="{% translate \'Hello\' %}">{{ name|default:"nobody" }}</p>', ["nobody"]),
            ('{% include "a.html" with said="Hello you" kind="plain" %}', ["Hello", "you"]),
            ('{% include "a.html" with said=_("Hello you") %}', []),
            ("{% comment %}Hello{% endcomment %}{# Hello #}<svg><title>Hello</title></svg>", []),
        ],
    )
    def test_are_what_people_read_outside_of_tags(self, source: str, words: list[str]) -> None:
        assert words_not_wrapped(source) == words
