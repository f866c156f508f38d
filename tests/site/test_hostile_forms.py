"""
Every form of every page, found on the pages themselves, with hostile values in each of its fields: a sentence, never
a fault of ours. `HOSTILE=all` tries every value in every field; otherwise each field gets some of them, in turn.
"""

import os
from itertools import cycle

import pytest
from django.contrib import admin
from django.test import Client
from django.urls import reverse

from accounts.models import User
from copytrading.models import Copy, Lead
from tests.cast import World
from tests.sign_in import confirm, sign_in
from tests.site.page_forms import PageForm, forms_of

HOSTILE = [
    "9" * 21, "9" * 5000, "a\0b", "-1", "1e400", "NaN", "Infinity", "9223372036854775808", "' OR 1=1 --",
    "\u202e" * 300, "\U0001f600" * 200, "0" * 100, "0.0000000000000000000000000001", "2026-99-99", "<script>",
    "../../etc/passwd", "١٢٣",
]  # fmt: skip
EACH_FIELD = len(HOSTILE) if os.environ.get("HOSTILE") == "all" else 1
# Signing out would end what the others need; setting up a factor is the library's own and told by its tests.
LEFT_OUT = ("/accounts/logout/", "/admin/logout/")


def pages(role: str, *, lead: Lead, copy: Copy) -> list[str]:
    """Return the pages whose forms are looked for."""
    if role == "nobody":
        return ["/", f"/leads/{lead.slug}/", f"/leads/{lead.slug}/what-if/", "/accounts/login/", "/accounts/signup/",
                "/accounts/password/reset/"]  # fmt: skip
    if role == "follower":
        return ["/wallet/", f"/copies/{copy.pk}/", f"/copies/{copy.pk}/settings/", f"/copies/{copy.pk}/stop/",
                f"/leads/{lead.slug}/copy/", "/lead/", "/copies/", "/activity/", "/wallet/statements/",
                "/accounts/email/", "/accounts/password/change/", "/complaints/"]  # fmt: skip
    if role == "lead":
        return [
            "/lead/",
            "/lead/terms/",
            "/lead/visibility/",
            "/lead/invitations/",
            "/lead/end/",
            "/lead/orders/",
            "/lead/earnings/",
        ]
    tables = [model._meta for model in admin.site._registry]
    lists = [reverse(f"admin:{table.app_label}_{table.model_name}_changelist") for table in tables]
    names = ("copytrading_halt_place", "copytrading_correction_request", "copytrading_coinverdict_request",
             "copytrading_jurisdictionchange_request", "copytrading_announcement_write", "copytrading_personnote_write",
             "copytrading_complaint_answer")  # fmt: skip
    asking = [reverse(f"admin:{name}") for name in (*names, "accounts_operatorrequest_request")]
    return ["/admin/", *asking, *lists]


@pytest.mark.parametrize("role", ["nobody", "follower", "lead", "operator"])
def test_hostile_values_get_a_sentence_in_every_form(
    role: str, world: World, lead: Lead, follower: User, operator: User, old_prices_are_fine: None
) -> None:
    copy = world.start(follower, lead)
    world.settle()
    client = Client(raise_request_exception=False)
    people = {"follower": follower, "lead": lead.user, "operator": operator}
    if role in people:
        confirm(sign_in(client, people[role]), people[role], method="mfa")
    found: dict[object, PageForm] = {}
    for page in pages(role, lead=lead, copy=copy):
        answer = client.get(page)
        assert answer.status_code == 200, page
        for form in forms_of(answer.text, address=page):
            if form.fields and not form.address.startswith(LEFT_OUT):
                found.setdefault(form.shape, form)
    values = cycle(HOSTILE)
    tried, faults = 0, []

    for form in found.values():
        for name in form.fields:
            for field, value, sent in form.with_each([next(values) for _ in range(EACH_FIELD)]):
                if field == name:
                    send = client.post if form.method == "post" else client.get
                    status = send(form.address, sent).status_code
                    tried += 1
                    if status >= 500:
                        faults.append((form.address, field, value[:30], status))

    assert not faults, f"{len(faults)} of {tried} requests to {len(found)} forms"
    assert len(found) >= {"nobody": 5, "follower": 8, "lead": 5, "operator": 20}[role]
