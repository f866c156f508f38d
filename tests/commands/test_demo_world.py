"""manage.py demo_world: what it prints, and how it refuses."""

import io
from typing import Any

import pytest
from django.contrib.auth import authenticate
from django.core.management import CommandError, call_command

from accounts.models import User
from copytrading.models import Lead
from copytrading.worlds.demo import people, weeks


class TestDemoWorld:
    def test_prints_the_logins_and_a_second_run_prints_the_same(
        self, db: None, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        first, second = io.StringIO(), io.StringIO()
        monkeypatch.setattr(weeks, "DAYS", 2)

        call_command("demo_world", stdout=first)
        call_command("demo_world", stdout=second)

        assert first.getvalue() == second.getvalue()
        assert "6 leads" in first.getvalue()
        for line in first.getvalue().splitlines()[1:-1]:
            email, password = line.split()[4], line.partition("password: ")[2]
            assert User.objects.get(email=email).check_password(password)
        assert Lead.objects.count() == 6

    def test_a_recording_that_is_not_there_is_refused_in_a_sentence(self, db: None, settings: Any) -> None:
        settings.SMARTSYNC_PRICES = "/nowhere/prices.csv"

        with pytest.raises(CommandError, match=r"prices\.csv"):
            call_command("demo_world")

    def test_there_is_none_on_a_server_and_its_password_opens_nothing_there(self, db: None, settings: Any) -> None:
        person = people.person(people.OPERATOR_EMAIL, can_sign_in=True, is_operator=True)
        settings.DEVELOPMENT = False

        with pytest.raises(CommandError, match="DEVELOPMENT=1"):
            call_command("demo_world")

        assert authenticate(email=person.email, password=people.PASSWORD) is None
        settings.DEVELOPMENT = True
        assert authenticate(email=person.email, password=people.PASSWORD) == person
