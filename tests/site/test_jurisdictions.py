"""Packs of jurisdictions and the gate, as an installation names them: whatever is wrong is said in one sentence."""

from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from smartsync_site.gates import DEMO_SECRET, read_acts, read_gate
from smartsync_site.jurisdictions import SHIPPED, PackRefused, read_packs

TEXTS = ["terms", "risks", "privacy"]
# What is written instead of what in the pack that is shipped for the EU, and what is said of it.
WRONG = {
    "a key that nobody knows": ("consents =", "consent =", r"^consent of .* is no key; there are .*consents"),
    "a text that there is not": (
        '["terms", "risks"]',
        '["cookies"]',
        r"no such legal text; it has terms, risks, privacy",
    ),
    "no list": ('["terms", "risks"]', '"terms"', r"^consents of .* is a list of names"),
    "no label": ('label = "European Union"\n', "", r"^label of .* is missing"),
    "an empty label": ('label = "European Union"', 'label = " "', r"^label of .* is empty; write something\."),
    "another place": ("{share} of copies", "{copies} of copies", r"^warning of .* has \{copies\}; only \{share\}"),
    "a brace": ("{share} of copies", "{share of copies", r"^warning of .* (has a brace|has \{share of)"),
    "one warning": ("warning_without_figure = ", "# ", r"^warning of .* belong together"),
    "no version": ("version = 1", "", r"^questionnaire\.version of .* is missing: add a whole number from 1"),
    "half a version": ("version = 1", "version = 1.5", r"^questionnaire\.version of .* is 1\.5; write a whole number"),
    "a risk of eleven": ("risk_max = 3\n", "risk_max = 11\n", r"bands 1\.risk_max of .* is 11; .* from 0 to 10"),
    "a share of two": ("share_max = 0.25", "share_max = 2", r"bands 1\.share_max of .* is 2; write a share"),
    "bands out of order": ("points_min = 14", "points_min = 8", r"bands 3\.points_min of .* put the bands in order"),
    "somebody without a band": ("risk_max = 3\n", "points_min = 1\nrisk_max = 3\n", r"without a band: take it out"),
    "a question twice": ('name = "goal"', 'name = "loss"', r"^questionnaire\.questions of .* has 'loss' twice"),
    "a name in capitals": ('name = "goal"', 'name = "Goal"', r"is 'Goal'; write it in small letters"),
    "points as text": ("points = 5 }", 'points = "5" }', r"points of .* is '5'; write a whole number"),
    "no TOML": ("[questionnaire]", "[questionnaire", r"is no TOML: "),
}


class TestPacks:
    def test_are_shipped_and_ask_what_they_are_for(self) -> None:
        none, eu, uk = read_packs(["none", "eu", "uk"], texts=TEXTS)

        assert (none.warning, none.questionnaire, none.consents) == ("", None, ("terms",))
        assert (eu.cooling_off_hours, uk.cooling_off_hours) == (0, 24)
        for pack in (eu, uk):
            assert "{share}" in pack.warning and pack.questionnaire is not None
            best = sum(max(choice.points for choice in asked.choices) for asked in pack.questionnaire.questions)
            assert pack.questionnaire.bands[-1].points_min <= best, "the last band can be reached"
            assert pack.questionnaire.bands[-1].risk_max == 10

    @pytest.mark.parametrize("wrong", WRONG)
    def test_that_are_wrong_end_the_start_with_a_sentence(self, wrong: str, tmp_path: Path) -> None:
        old, new, sentence = WRONG[wrong]
        text = (SHIPPED / "eu.toml").read_text()
        assert old in text
        (tmp_path / "own.toml").write_text(text.replace(old, new, 1))

        with pytest.raises(PackRefused, match=sentence):
            read_packs([str(tmp_path / "own.toml")], texts=TEXTS)

    def test_of_ones_own_are_named_by_their_path_and_each_once(self, tmp_path: Path) -> None:
        (tmp_path / "ch.toml").write_text('label = "Switzerland"\n')
        own = str(tmp_path / "ch.toml")

        assert read_packs(["eu", own], texts=TEXTS)[1].label == "Switzerland"
        with pytest.raises(PackRefused, match="names ch twice"):
            read_packs([own, own], texts=TEXTS)
        with pytest.raises(PackRefused, match="there are eu, none, uk"):
            read_packs(["mars"], texts=TEXTS)


class TestGate:
    @pytest.mark.parametrize(
        ("url", "secret", "sentence"),
        [
            ("checks.example.org", DEMO_SECRET, "SMARTSYNC_GATE_URL is 'checks.example.org'; write it as https"),
            ("http://checks.example.org/", DEMO_SECRET, "write it as https"),
            ("https://[", DEMO_SECRET, "write it as https"),
            ("https://checks.example.org/", "", "SMARTSYNC_GATE_SECRET has to be whsec_"),
            ("https://checks.example.org/", "whsec_c2hvcnQ=", "at least 24 bytes"),
            ("https://checks.example.org/", DEMO_SECRET.removeprefix("whsec_"), "has to be whsec_"),
            ("demo", "", "DEVELOPMENT=1 only"),
        ],
    )
    def test_that_could_not_be_asked_ends_the_start(self, url: str, secret: str, sentence: str) -> None:
        with pytest.raises(ImproperlyConfigured, match=sentence):
            read_gate(url, secret, development=False)

    def test_is_the_demo_on_a_developers_machine(self) -> None:
        gate = read_gate("demo:8123", "", development=True)

        assert (gate.url, gate.local_hosts, gate.demo_port) == (
            "http://127.0.0.1:8123/gate", ("127.0.0.1:8123",), 8123
        )  # fmt: skip
        with pytest.raises(ImproperlyConfigured, match="with a free port"):
            read_gate("demo:80", "", development=True)

    def test_is_asked_about_acts_that_there_are(self) -> None:
        assert read_acts(["withdraw", "copy"]) == ("COPY", "WITHDRAW")
        with pytest.raises(ImproperlyConfigured, match="has 'order'; there are sign_up, deposit"):
            read_acts(["order"])
