"""In whose language and times pages, answers and mails are, and how figures are written and typed there."""

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from django import forms
from django.test import Client
from django.urls import reverse
from django.utils.translation import override

from accounts.identity.places import Place, in_place, written
from accounts.models import User
from copytrading.forms.parts.fields import CashField, NumberField
from copytrading.forms.parts.typed import ShareField
from copytrading.models import Lead, Notice, NoticeHabits
from copytrading.queries.rules import platform_rules
from copytrading.services.telling.letters import letter_of
from copytrading.templatetags import figures
from copytrading.templatetags.axes import ValueAxis, time_ticks
from tests.api.program import Program
from tests.cast import NOON
from tests.sign_in import sign_in


@pytest.fixture
def german() -> Iterator[None]:
    with in_place(Place(language="de", time_zone="Europe/Berlin")):
        yield


class TestPage:
    def test_is_in_the_language_that_is_asked_for(self, client: Client, lead: Lead) -> None:
        page = client.get("/", headers={"Accept-Language": "fr, de-AT;q=0.8, en;q=0.5"})

        assert '<html lang="de"' in page.text
        assert "Wen möchten Sie spiegeln?" in page.text
        assert page["Content-Language"] == "de"
        assert "Accept-Language" in page["Vary"]
        assert "Cookie" in page["Vary"]

    def test_is_english_where_nobody_said_anything_that_there_is(self, client: Client, lead: Lead) -> None:
        for asked in ("", "fr", "*", "tlh;q=1"):
            page = client.get("/", headers={"Accept-Language": asked})
            assert '<html lang="en"' in page.text
            assert page["Content-Language"] == "en"

    def test_is_in_the_language_that_was_chosen_here(self, client: Client, lead: Lead) -> None:
        answer = client.post(reverse("language"), {"language": "de", "next": "/?sort=fall"})

        assert answer.url == "/?sort=fall"
        assert '<html lang="de"' in client.get("/", headers={"Accept-Language": "en"}).text

    def test_is_in_the_persons_own_language_on_every_device(self, follower: User, lead: Lead) -> None:
        sign_in(Client(), follower).post(reverse("language"), {"language": "de", "next": "/"})
        elsewhere = sign_in(Client(), follower)
        elsewhere.cookies["language"] = "en"

        assert '<html lang="de"' in elsewhere.get("/", headers={"Accept-Language": "en"}).text

    def test_knows_no_other_language(self, client: Client, lead: Lead) -> None:
        assert client.post(reverse("language"), {"language": '"><b>'}).status_code == 400
        assert client.get(reverse("language")).url == reverse("discover")

        client.cookies["language"] = '"><b>'
        assert '<html lang="en"' in client.get("/").text

    def test_is_in_the_times_of_the_person_and_says_so_once(self, follower: User, lead: Lead) -> None:
        client = sign_in(Client(), follower)
        client.post(reverse("notice_switches"), {"time_zone": "America/New_York", "mail_rhythm": "AT_ONCE"})

        assert client.get(reverse("wallet")).text.count("Times: America/New York") == 1

    def test_of_a_zone_that_a_program_chose_counts_quiet_hours_by_it_too(self, follower: User) -> None:
        Program.of(follower).send("PATCH", "me", {"time_zone": "Asia/Tokyo"}, key="me-000001")

        assert NoticeHabits.objects.get(user=follower).time_zone == "Asia/Tokyo"


class TestProgramsAnswer:
    def test_is_never_in_the_persons_language(self, follower: User, lead: Lead) -> None:
        User.objects.filter(pk=follower.pk).update(language="de", time_zone="Europe/Berlin")
        program = Program.of(follower)

        wallet = program.send("GET", "wallet")

        assert wallet["Content-Language"] == "en"
        assert "10000.00" in wallet.text


class TestLetter:
    def test_is_in_the_readers_times_and_form_of_dates(self, follower: User) -> None:
        follower.language = "de"
        NoticeHabits.objects.create(user=follower, time_zone="Europe/Berlin")
        notice = Notice(pk=1, user=follower, kind=Notice.Kind.PASSWORD_CHANGED, noted_at=NOON)

        letter = letter_of([notice], message_id="once", rules=platform_rules())

        assert "5. Januar 2026, 13:00 (Europe/Berlin)" in letter.body


class TestFigures:
    def test_have_the_separators_of_the_language(self, german: None) -> None:
        assert figures.money(118_420_000_000) == "1.184,20"
        assert figures.signed_money(-340_000_000) == "−3,40"
        assert figures.round_money(100_000_000_000) == "1.000"
        assert figures.short_money(3_100_000 * 10**8) == "3,1\u202fMio."
        assert figures.quantity(102_300_000) == "1,023"
        assert figures.price(Decimal("68412.5")) == "68.412,50"
        assert figures.percent(0.114) == "11,4\u202f%"
        assert figures.count(1204) == "1.204"
        assert figures.duration(3_600 * 6.5) == "6,5 Stunden"

    def test_stand_on_the_axes_of_charts_as_well(self, german: None) -> None:
        begins_at, ends_at = datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 3, 20, tzinfo=UTC)

        assert [tick.label for tick in ValueAxis.around(0.0, 2.0, span_min=1).ticks][:2] == ["0,0", "0,5"]
        assert time_ticks(begins_at, ends_at)[0].label == "1. Mär"

    def test_of_dates_are_in_the_zone_and_the_words_of_the_place(self, german: None) -> None:
        when = datetime(2025, 3, 4, 23, 30, tzinfo=UTC)

        assert figures.moment(when) == "5. März 2025"
        assert figures.day(when) == "5. März 2025"

    def test_are_english_for_everybody_else(self) -> None:
        assert written("1,234.50") == "1,234.50"

    def test_that_are_filled_in_can_be_read_in_either_language(self, german: None) -> None:
        units = 123_400_000

        typed = figures.money_input(units)

        assert typed == "1,2340"
        assert CashField().clean(typed) == units
        with override("en"):
            assert CashField().clean(figures.money_input(units)) == units


class TestTypedFigures:
    @pytest.mark.parametrize(
        ("typed", "number"),
        [
            ("1.234,5", "1234.5"), ("1234,5", "1234.5"), ("1 234,5", "1234.5"), ("0,5", "0.5"), (",5", "0.5"),
            ("1234.5", "1234.5"), ("0.123", "0.123"), ("1.234.567", "1234567"), ("1000", "1000"),
            ("1,234.50", "1234.5"),
        ],
    )  # fmt: skip
    def test_with_a_decimal_comma_are_understood(self, german: None, typed: str, number: str) -> None:
        assert NumberField().clean(typed) == Decimal(number)

    @pytest.mark.parametrize(
        ("field", "typed", "units"),
        [(CashField(), "1.234", 123_400_000_000), (NumberField(), "1,234", Decimal("1.234"))],
    )
    def test_mean_of_cash_thousands_and_of_coins_decimals(
        self, german: None, field: forms.Field, typed: str, units: object
    ) -> None:
        assert field.clean(typed) == units

    @pytest.mark.parametrize(("field", "typed"), [(NumberField(), "1.234"), (CashField(), "1,234")])
    def test_that_can_mean_two_things_are_refused_with_both(self, german: None, field: forms.Field, typed: str) -> None:
        with pytest.raises(forms.ValidationError, match="1234 oder 1,2340"):
            field.clean(typed)

    def test_of_a_share_may_have_a_comma(self, german: None) -> None:
        assert ShareField(max_digits=5, decimal_places=2).clean("12,5") == Decimal("12.5")

    @pytest.mark.parametrize("typed", ["1234,5", "0,5", "1.234,5"])
    def test_with_a_decimal_comma_are_refused_in_english(self, typed: str) -> None:
        with pytest.raises(forms.ValidationError, match="Enter a number such as"):
            NumberField().clean(typed)
