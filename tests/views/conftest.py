"""Who sits before the pages."""

import pytest
from django.test import Client

from accounts.models import User
from copytrading.models import Copy, Lead
from tests.cast import World, come, usdt
from tests.sign_in import confirm
from tests.views.scenes import copy_with_holdings


@pytest.fixture
def console(client: Client, lead: Lead) -> Client:
    client.force_login(lead.user)
    return client


@pytest.fixture
def copy(world: World, lead: Lead, follower: User) -> Copy:
    return come(
        "copy with holdings", world, lambda: copy_with_holdings(world, lead, follower, stop_loss_units=usdt(150))
    )


@pytest.fixture
def signed_in(client: Client, follower: User) -> Client:
    """A follower who proved a moment ago to be who they are."""
    client.force_login(follower)
    return confirm(client, follower)
