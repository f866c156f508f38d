"""Operators at their panel; a correction takes two of them."""

import pytest
from django.test import Client

from accounts.models import User
from tests.sign_in import sign_in


@pytest.fixture
def panel(client: Client, operator: User) -> Client:
    sign_in(client, operator)
    return client


@pytest.fixture
def second_operator(db: None) -> User:
    return User.objects.create_superuser("second-operator@example.org", "correct horse battery")


@pytest.fixture
def second_panel(second_operator: User) -> Client:
    client = Client()
    sign_in(client, second_operator)
    return client
