"""What a jurisdiction's pack puts before a copy, and that none of it touches one that runs."""

import re
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django.fixtures import Settings

from accounts.models import User
from copytrading.engine.suitability.packs import Band, Choice, Pack, Question, Questionnaire
from copytrading.models import (
    Admission,
    ConsentGiven,
    Copy,
    FirstWish,
    JurisdictionChange,
    Lead,
    LeadSummary,
    LossFigure,
    SuitabilityAnswer,
)
from copytrading.queries.admission.packs import pack_of
from copytrading.queries.admission.warnings import COPIES_MIN, warning_of
from copytrading.services.admission import consents, entering, jurisdictions, losses, suitability
from copytrading.services.admission.refusals import (
    AnsweredTooSoon,
    AnswersIncomplete,
    ConsentMissing,
    CoolingOff,
    InvestmentNotSuitable,
    JurisdictionNotChanged,
    LeadNotSuitable,
    SuitabilityMissing,
    TextNotAsked,
)
from copytrading.services.copies import verbs as copies
from copytrading.services.refusals import NotEnoughCash, Refusal
from smartsync_site.jurisdictions import read_packs
from tests.api.program import Program
from tests.cast import World, usdt
from tests.services.admission.test_gates import deposit, free, start

BARE = Pack(
    name="bare",
    label="Bare",
    warning="",
    warning_without_figure="",
    cooling_off_hours=0,
    consents=(),
    questionnaire=None,
)
WAITS = replace(BARE, name="waits", cooling_off_hours=24)
TEXTS = replace(BARE, name="texts", consents=("terms", "risks"))
WARNS = replace(BARE, name="warns", warning="{share} of copies lost.", warning_without_figure="You can lose.")


def asks(**band: Any) -> Pack:
    """Return a pack with one question, whose good answer opens a band like this one."""
    question = Question(
        name="how",
        text="How are you?",
        choices=(Choice(name="bad", text="Bad", points=0, risk_max=0), Choice(name="good", text="Good", points=1)),
    )
    limits = {"risk_max": 10, "invested_max": None, "share_max": None} | band
    bands = (Band(points_min=-9, sentence="So.", **limits),)
    asked = Questionnaire(version=1, again_after_hours=24, questions=(question,), bands=bands)
    return replace(BARE, name="asks", questionnaire=asked)


def let(settings: Settings, *packs: Pack) -> None:
    """Let these be the installation's packs, the first for people who named none."""
    settings.SMARTSYNC_JURISDICTIONS = packs
    settings.SMARTSYNC_JURISDICTION_DEFAULT = packs[0].name


def answer(world: World, user: User, how: str = "good") -> SuitabilityAnswer:
    return suitability.answer(user=user, answers={"how": how}, now=world.now)


def risk_of(lead: Lead, risk: int | None, world: World) -> None:
    LeadSummary.objects.update_or_create(lead=lead, defaults={"risk": risk, "counted_at": world.now})


class TestWhile:
    def test_passes_between_the_first_wish_and_the_first_copy(
        self, world: World, follower: User, lead: Lead, settings: Settings
    ) -> None:
        let(settings, WAITS)
        with pytest.raises(CoolingOff, match=r"from 6 January, 12:\d\d UTC on"):
            start(world, follower, lead)
        world.wait(23 * 3600)
        with pytest.raises(CoolingOff):
            start(world, follower, lead)
        assert FirstWish.objects.get().user == follower

        world.wait(3600)
        copy = start(world, follower, lead)

        assert entering.increase_copy(copy_id=copy.pk, units=usdt(5), idempotency_key="i", now=world.now) == copy
        other = world.make_lead(User.objects.create_user("two@example.org"), name="Two")
        assert start(world, follower, other).lead == other

    def test_is_of_nobody_who_copied_before(self, world: World, follower: User, lead: Lead, settings: Settings) -> None:
        copies.stop_copy(copy_id=world.start(follower, lead).pk, now=world.now)
        world.settle()
        let(settings, WAITS)

        assert start(world, follower, lead, "500").invested_units == usdt(500)


class TestTexts:
    def test_are_accepted_before_a_start_and_a_deposit_and_not_before_anything_else(
        self, world: World, follower: User, lead: Lead, settings: Settings
    ) -> None:
        copy = world.start(follower, lead)
        let(settings, TEXTS)
        for act in (lambda: deposit(world, follower, "5"), lambda: start(world, follower, lead)):
            with pytest.raises(Refusal):
                act()
        with pytest.raises(ConsentMissing, match=r"Read and accept first: Terms of use, Risks\."):
            deposit(world, follower, "5")
        entering.increase_copy(copy_id=copy.pk, units=usdt(5), idempotency_key="i", now=world.now)
        entering.withdraw(user=follower, units=usdt(5), idempotency_key="w", now=world.now)

        for text in ("terms", "risks"):
            consents.accept(user=follower, text=text, version="1", now=world.now)
            consents.accept(user=follower, text=text, version="1", now=world.now)

        deposit(world, follower, "5")
        assert ConsentGiven.objects.filter(user=follower).count() == 2

    def test_of_a_new_version_are_asked_for_anew(self, world: World, follower: User, settings: Settings) -> None:
        let(settings, TEXTS)
        consents.accept_all(user=follower, versions={"terms": "1", "risks": "1"}, now=world.now)
        legal = tuple(
            replace(text, version="2", translations=()) if text.name == "risks" else text
            for text in settings.SMARTSYNC_BRAND.legal
        )
        settings.SMARTSYNC_BRAND = replace(settings.SMARTSYNC_BRAND, legal=legal)

        with pytest.raises(ConsentMissing, match=r"accept first: Risks\."):
            deposit(world, follower, "5")
        with pytest.raises(TextNotAsked, match="another version"):
            consents.accept(user=follower, text="risks", version="1", now=world.now)
        with pytest.raises(TextNotAsked):
            consents.accept(user=follower, text="privacy", version="1", now=world.now)

    def test_keep_the_language_that_they_were_read_in(
        self, world: World, follower: User, settings: Settings, old_prices_are_fine: None
    ) -> None:
        let(settings, TEXTS)
        User.objects.filter(pk=follower.pk).update(language="de")
        client = Client()
        client.force_login(follower)

        content = client.get("/consents/").content.decode()
        client.post("/consents/", {"text": ["risks"], "version-risks": "1"})
        consents.accept(user=follower, text="terms", version="1", now=world.now)

        assert ">Risiken</a>" in content
        assert "Sie können Geld verlieren" in client.get("/legal/risks/").content.decode()
        given = ConsentGiven.objects.filter(user=follower).values_list("text", "language")
        assert dict(given) == {"risks": "de", "terms": "en"}

    def test_that_were_accepted_stay_accepted(self, world: World, follower: User, settings: Settings) -> None:
        let(settings, TEXTS)
        consents.accept(user=follower, text="terms", version="1", now=world.now)

        with pytest.raises(IntegrityError), transaction.atomic():
            ConsentGiven.objects.update(version="2")


class TestQuestions:
    def test_are_answered_first_and_again_when_they_are_new(
        self, world: World, follower: User, lead: Lead, settings: Settings
    ) -> None:
        pack = asks()
        let(settings, pack)
        with pytest.raises(SuitabilityMissing, match="Answer some questions"):
            start(world, follower, lead)
        answer(world, follower)
        copy = start(world, follower, lead)
        assert pack.questionnaire is not None
        let(settings, replace(pack, questionnaire=replace(pack.questionnaire, version=2)))

        with pytest.raises(SuitabilityMissing, match="are new"):
            entering.increase_copy(copy_id=copy.pk, units=usdt(5), idempotency_key="i", now=world.now)

        # What runs goes on: less money, and the end, are nobody's business.
        copies.reduce_copy(copy_id=copy.pk, units=usdt(5), idempotency_key="r", now=world.now)
        answer(world, follower)
        entering.increase_copy(copy_id=copy.pk, units=usdt(5), idempotency_key="i", now=world.now)

    def test_cap_the_risk_of_a_lead(self, world: World, follower: User, lead: Lead, settings: Settings) -> None:
        let(settings, asks(risk_max=4))
        answer(world, follower)
        with pytest.raises(LeadNotSuitable, match="too young for a figure of risk"):
            start(world, follower, lead)
        risk_of(lead, 5, world)
        with pytest.raises(LeadNotSuitable, match="has a risk of 5 of 10, and by your answers leads up to 4"):
            start(world, follower, lead)
        assert not Admission.objects.exists()

        risk_of(lead, 4, world)
        start(world, follower, lead)

        let_in = Admission.objects.get()
        assert (let_in.risk, let_in.pack, let_in.suitability.risk_max) == (4, "asks", 4)  # type: ignore[union-attr]

    def test_close_copying_to_whoever_it_does_not_suit(
        self, world: World, follower: User, lead: Lead, settings: Settings
    ) -> None:
        let(settings, asks())
        answer(world, follower, "bad")

        with pytest.raises(LeadNotSuitable, match="does not suit you now"):
            start(world, follower, lead)

    def test_cap_what_is_in_all_copies_together(
        self, world: World, follower: User, lead: Lead, settings: Settings
    ) -> None:
        let(settings, asks(invested_max=1_500))
        answer(world, follower)
        copy = start(world, follower, lead, "1000")
        with pytest.raises(
            InvestmentNotSuitable, match=r"at most 1,500.00 USDT may be in copies; .* 500.00 USDT more"
        ) as no:
            entering.increase_copy(copy_id=copy.pk, units=usdt(501), idempotency_key="i", now=world.now)
        assert no.value.field == "value"

        entering.increase_copy(copy_id=copy.pk, units=usdt(500), idempotency_key="j", now=world.now)

        # The same press again is answered as before, whatever the limit says now.
        entering.increase_copy(copy_id=copy.pk, units=usdt(500), idempotency_key="j", now=world.now)
        assert Copy.objects.get().invested_units == usdt(1500)

    def test_cap_the_share_of_the_money_here(
        self, world: World, follower: User, lead: Lead, settings: Settings
    ) -> None:
        let(settings, asks(share_max=0.25))
        answer(world, follower)
        with pytest.raises(InvestmentNotSuitable, match=r"at most 2,500.00 USDT"):
            start(world, follower, lead, "2501")

        start(world, follower, lead, "2500")

        with pytest.raises(InvestmentNotSuitable, match=r"room for 0.00 USDT"):
            entering.increase_copy(copy_id=Copy.objects.get().pk, units=usdt(1), idempotency_key="i", now=world.now)

    def test_free_what_a_start_that_was_refused_had_taken(
        self, world: World, follower: User, lead: Lead, settings: Settings, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        let(settings, asks(invested_max=1_000))
        answer(world, follower)

        def refuse(**_: object) -> None:
            raise NotEnoughCash("Just gone.")

        with monkeypatch.context() as patched:
            patched.setattr(copies, "start_copy", refuse)
            with pytest.raises(NotEnoughCash):
                start(world, follower, lead, "900")

        start(world, follower, lead, "1000")

        assert [row.dropped_at is None for row in Admission.objects.order_by("pk")] == [False, True]

    def test_count_what_is_on_its_way_in_another_window(
        self, world: World, follower: User, lead: Lead, settings: Settings, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        let(settings, asks(invested_max=1_000))
        answer(world, follower)
        other = world.make_lead(User.objects.create_user("two@example.org"), name="Two")
        verb, refused = copies.start_copy, []

        def meanwhile(**wanted: Any) -> Copy:
            if wanted["lead_id"] == lead.pk:
                with pytest.raises(InvestmentNotSuitable):
                    start(world, follower, other, "600")
                refused.append(True)
            return verb(**wanted)

        monkeypatch.setattr(copies, "start_copy", meanwhile)
        start(world, follower, lead, "600")

        assert refused and Copy.objects.filter(follower=follower).count() == 1

    def test_are_answered_again_after_a_while_and_wholly(
        self, world: World, follower: User, settings: Settings
    ) -> None:
        let(settings, asks())
        with pytest.raises(AnswersIncomplete, match="How are you"):
            suitability.answer(user=follower, answers={}, now=world.now)
        with pytest.raises(AnswersIncomplete, match="no question that is called 'why'"):
            suitability.answer(user=follower, answers={"how": "good", "why": "x"}, now=world.now)
        answer(world, follower, "bad")
        with pytest.raises(AnsweredTooSoon, match=r"from 6 January, 12:00 UTC on"):
            answer(world, follower)

        world.wait(24 * 3600)

        assert answer(world, follower).risk_max == 10


class TestWarning:
    def test_names_the_share_of_copies_that_lost_once_there_are_enough(
        self, world: World, follower: User, settings: Settings
    ) -> None:
        let(settings, WARNS)
        LossFigure.objects.create(counted_at=world.now, copies=COPIES_MIN - 1, losing=3)
        assert warning_of(follower) == "You can lose."
        LossFigure.objects.create(counted_at=world.now + timedelta(days=1), copies=40, losing=29)

        assert warning_of(None) == warning_of(follower) == "72 % of copies lost."

    def test_stands_where_somebody_copies_and_in_the_preview(
        self, world: World, follower: User, lead: Lead, settings: Settings, old_prices_are_fine: None
    ) -> None:
        let(settings, WARNS)
        client = Client()
        client.force_login(follower)
        copy = world.start(follower, world.make_lead(User.objects.create_user("two@example.org"), name="Two"))

        pages = [
            client.get(f"/leads/{lead.slug}/"),
            Client().get(f"/leads/{lead.slug}/portfolio/"),
            client.get(f"/leads/{lead.slug}/copy/review/", {"investment": "500", "mode": "SMART_SYNC"}),
            client.get(f"/copies/{copy.pk}/settings/"),
        ]
        preview = Program.of(follower).post(f"leads/{lead.slug}/preview", {"investment": "500.00"}).json()

        assert all("You can lose." in page.content.decode() for page in pages)
        assert (preview["risk_warning"], preview["before_start"]) == ("You can lose.", [])

    def test_costs_no_statement_where_there_is_none(self, world: World, follower: User, lead: Lead) -> None:
        with CaptureQueriesContext(connection) as told:
            assert warning_of(follower) == ""
            assert pack_of(follower) is None

        assert len(told) == 0

    def test_counts_copies_that_lost_money_within_the_year(
        self, world: World, follower: User, other_follower: User, lead: Lead, settings: Settings
    ) -> None:
        let(settings, WARNS)
        world.lead_trades(lead, "BTC", "BUY", "0.1")
        world.settle()
        lost = world.start(follower, lead, "1000")
        world.settle()
        world.wait(60, BTC="40000")
        copies.stop_copy(copy_id=lost.pk, now=world.now)
        world.settle()
        won = world.start(other_follower, lead, "1000")
        world.settle()
        world.wait(60, BTC="60000")
        copies.stop_copy(copy_id=won.pk, now=world.now)
        world.settle()

        figure = losses.count_losses_if_due(now=world.now)

        assert figure is not None and (figure.copies, figure.losing) == (2, 1)
        assert losses.count_losses_if_due(now=world.now + timedelta(hours=23)) is None
        a_year_on = losses.count_losses_if_due(now=world.now + timedelta(days=366))
        assert a_year_on is not None and a_year_on.copies == 0


class TestJurisdiction:
    def test_is_named_once_and_then_changed_by_an_operator(
        self, world: World, follower: User, operator: User, settings: Settings
    ) -> None:
        let(settings, BARE, WARNS, WAITS)
        assert pack_of(follower) == BARE
        jurisdictions.choose(user=follower, jurisdiction="warns", now=world.now)
        assert pack_of(follower) == WARNS
        with pytest.raises(JurisdictionNotChanged, match="Only the operators"):
            jurisdictions.choose(user=follower, jurisdiction="waits", now=world.now)
        named = {"by": operator, "reason": "Moved", "now": world.now}
        with pytest.raises(JurisdictionNotChanged, match="no such"):
            jurisdictions.change(user=follower, jurisdiction="mars", **named)
        with pytest.raises(JurisdictionNotChanged, match="your own"):
            jurisdictions.change(user=operator, jurisdiction="waits", **named)

        jurisdictions.change(user=follower, jurisdiction="waits", **named)

        changes = JurisdictionChange.objects.order_by("pk").values_list("before", "after", "changed_by")
        assert list(changes) == [("", "warns", follower.pk), ("warns", "waits", operator.pk)]
        follower.refresh_from_db()
        assert pack_of(follower) == WAITS

    def test_is_asked_at_the_sign_up_with_what_is_accepted_by_it(self, db: None, settings: Settings) -> None:
        let(settings, BARE, TEXTS)
        form = {"email": "new@example.org", "password1": "a long word or two"}
        page = Client().get("/accounts/signup/").content.decode()
        assert re.search(r"<option value=.texts.>", page)

        missing = Client().post("/accounts/signup/", form).content.decode()
        Client().post("/accounts/signup/", form | {"jurisdiction": "texts"})

        assert "Choose where you live." in missing
        new = User.objects.get(email="new@example.org")
        assert new.jurisdiction == "texts"
        assert list(ConsentGiven.objects.values_list("user", "text", "version")) == [(new.pk, "terms", "1")]

    def test_is_not_asked_where_there_is_nothing_to_choose(self, db: None, settings: Settings) -> None:
        for packs in ((), (BARE,)):
            settings.SMARTSYNC_JURISDICTIONS = packs
            settings.SMARTSYNC_JURISDICTION_DEFAULT = "".join(pack.name for pack in packs)

            assert "Where you live" not in Client().get("/accounts/signup/").content.decode()

    def test_of_an_app_is_asked_as_in_a_browser(self, db: None, settings: Settings) -> None:
        let(settings, BARE, TEXTS)
        said = {"email": "app@example.org", "password": "a long word or two"}
        sign_up = "/api/identity/app/v1/auth/signup"

        without = Client().post(sign_up, said, content_type="application/json")
        Client().post(sign_up, said | {"jurisdiction": "texts"}, content_type="application/json")

        assert without.json()["errors"][0]["param"] == "jurisdiction"
        assert User.objects.get(email="app@example.org").jurisdiction == "texts"


class TestPages:
    def test_take_answers_and_texts_and_show_what_comes_of_it(
        self, world: World, follower: User, lead: Lead, settings: Settings, old_prices_are_fine: None
    ) -> None:
        let(settings, *read_packs(["eu", "uk"], texts=["terms", "risks"]))
        client = Client()
        client.force_login(follower)
        wish = {"investment": "777", "mode": "SMART_SYNC", "key": "k"}
        refused = client.post(f"/leads/{lead.slug}/copy/start/", wish).content.decode()
        assert 'href="/consents/"' in refused and 'value="777"' in refused
        review = client.get(f"/leads/{lead.slug}/copy/review/", wish).content.decode()
        assert 'href="/consents/"' in review and 'href="/suitability/"' in review

        client.post("/consents/", {"text": ["terms", "risks"], "version-terms": "1", "version-risks": "1"})
        half = client.post("/suitability/", {"experience": "more"})
        assert half.content.decode().count("Choose an answer.") == 4
        assert re.search(r'value="more"[^>]*checked', half.content.decode())
        best = {"experience": "more", "knowledge": "whole", "stop_loss": "try", "loss": "all", "goal": "growth"}
        answered = client.post("/suitability/", best, follow=True).content.decode()
        client.post("/suitability/jurisdiction/", {"jurisdiction": "eu"})

        assert "no limit" in answered and "leads of every risk may suit you" in answered
        assert '<a href="/suitability/">Questions and limits</a>' in answered
        assert client.post(f"/leads/{lead.slug}/copy/start/", wish).status_code == 302
        assert Copy.objects.get().invested_units == usdt(777)
        assert "Only the operators can change this" in client.get("/suitability/").content.decode()
        assert client.post("/consents/", {"text": "terms", "version-terms": "0"}).status_code == 409

    def test_are_not_there_where_nothing_is_asked(self, follower: User) -> None:
        client = Client()
        client.force_login(follower)

        assert {client.get(page).status_code for page in ("/consents/", "/suitability/")} == {404}


class TestApi:
    def test_takes_answers_and_texts_of_a_person(
        self, world: World, follower: User, lead: Lead, settings: Settings
    ) -> None:
        let(settings, replace(asks(risk_max=4, invested_max=900), consents=("terms",)))
        program = Program.of(follower)
        wanted = {"lead": lead.slug, "investment": "500.00"}
        refused = program.post("copies", wanted, key="start-0001").json()
        assert (refused["code"], refused["title"]) == (
            "consent_missing", "Read and accept first: Terms of use. See /api/v1/consents."
        )  # fmt: skip
        preview = program.post(f"leads/{lead.slug}/preview", {"investment": "500.00"}).json()
        assert [one["code"] for one in preview["before_start"]] == ["consent_missing", "suitability_missing"]

        (text,) = program.get("consents").json()
        given = program.post("consents", {"text": text["text"], "version": text["version"]}, key="consent-01").json()
        asked = program.get("suitability").json()
        assert (asked["version"], asked["is_answered"], asked["result"]) == (1, False, None)
        wrong = program.put("suitability", {"answers": {"how": "so so"}}, key="answer-001").json()
        right = program.put("suitability", {"answers": {"how": "good"}}, key="answer-002").json()

        assert given[0]["given_at"] is not None
        assert (wrong["code"], wrong["field"]) == ("answers_incomplete", "answers.how")
        assert right["is_answered"] and (right["result"]["risk_max"], right["result"]["invested_max"]) == (4, "900.00")
        risky = program.post("copies", wanted, key="start-0002").json()
        assert (risky["code"], risky["title"].endswith("See /api/v1/suitability.")) == ("lead_not_suitable", True)
        risk_of(lead, 3, world)
        assert program.post("copies", wanted, key="start-0003").status_code == 201
        assert free(follower) == usdt(9_500)
