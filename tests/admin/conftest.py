"""Operators at their panel; a correction takes two of them."""

import pytest
from django.test import Client

from accounts.models import User


@pytest.fixture
def panel(client: Client, operator: User) -> Client:
    client.force_login(operator)
    return client


@pytest.fixture
def second_operator(db: None) -> User:
    return User.objects.create_superuser("second-operator@example.org", "correct horse battery")


@pytest.fixture
def second_panel(second_operator: User) -> Client:
    client = Client()
    client.force_login(second_operator)
    return client
