"""Every address answers somebody who simply comes by: with a page, or by leading to the one where the button stands."""

import pytest
from django.test import Client
from django.urls import NoReverseMatch, reverse

from copytrading import urls
from copytrading.models import Copy, Lead

pytestmark = pytest.mark.django_db
# A stream never ends; the test client would read it for ever.
ENDLESS = {"live"}


def address_of(name: str, lead: Lead, copy: Copy) -> str:
    for arguments in ([], [lead.slug], [copy.pk], [copy.pk, copy.pk]):
        try:
            return reverse(name, args=arguments)
        except NoReverseMatch:
            continue
    raise AssertionError(f"{name} takes something that this test does not know")


@pytest.mark.parametrize("name", [str(pattern.name) for pattern in urls.urlpatterns if pattern.name not in ENDLESS])
def test_answers_get_with_a_page_or_the_way_to_one(
    client: Client, signed_in: Client, lead: Lead, copy: Copy, name: str
) -> None:
    address = address_of(name, lead, copy)
    for visitor in (signed_in, Client()):
        answer = visitor.get(address, follow=True)
        assert answer.status_code in (200, 404), (address, answer.status_code)
        assert answer.streaming or answer.content, address
    assert signed_in.delete(address).status_code == 405
