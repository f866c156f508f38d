"""Every sentence has its translation, whole, with the same figures in it, and what is committed is what is read."""

from collections import Counter

import pytest
from django.conf import settings

from tests.languages.catalogue import languages, mo_of, placeholders, po_of, said_in_sources, strings_of

# Bare words that are months or days in Django's own catalogue: without a context ours would rename them everywhere.
OF_THE_CALENDAR = {
    *("January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November"),
    *("December", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
    *("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun", "jan", "mar", "may"),
}


class TestCatalogue:
    def test_is_there_for_every_language_but_the_one_of_the_sources(self) -> None:
        assert languages() == sorted(code for code, _ in settings.LANGUAGES if code != settings.LANGUAGE_CODE)

    @pytest.mark.parametrize("language", languages())
    def test_has_every_sentence_of_the_sources_and_no_other(self, language: str) -> None:
        known, said = strings_of(po_of(language)), {key: path for path, key in said_in_sources()}

        assert not {key: str(path) for key, path in said.items() if key not in known}, "makemessages was not run"
        assert not set(known) - set(said), "nobody says that any more: makemessages --no-obsolete"

    @pytest.mark.parametrize("language", languages())
    def test_translates_every_sentence_in_all_its_plurals(self, language: str) -> None:
        catalogue = po_of(language)

        assert not [message.id for message in catalogue if message.id and message.fuzzy]
        for key, strings in strings_of(catalogue).items():
            assert all(strings), key
        for message in catalogue:
            if message.id and not isinstance(message.id, str):
                assert len(message.string) == catalogue.num_plurals, message.id

    @pytest.mark.parametrize("language", languages())
    def test_keeps_the_figures_of_a_sentence(self, language: str) -> None:
        for message in po_of(language):
            if message.id and message.context != "date format":
                forms = (message.id,) if isinstance(message.id, str) else message.id
                strings = (message.string,) if isinstance(message.string, str) else message.string
                wanted = placeholders(forms[-1])
                for string in strings:
                    assert placeholders(string) == wanted, string
                    assert Counter(string)["<"] == Counter(forms[-1])["<"], string

    @pytest.mark.parametrize("language", languages())
    def test_is_compiled_as_it_is_written(self, language: str) -> None:
        assert strings_of(mo_of(language)) == strings_of(po_of(language)), "compilemessages was not run"

    @pytest.mark.parametrize("language", languages())
    def test_renames_no_month_and_no_day(self, language: str) -> None:
        assert not OF_THE_CALENDAR & {singular for context, singular in strings_of(po_of(language)) if not context}
