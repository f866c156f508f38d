"""
The API does what its own description says: given what it says it takes, and what it says it does not, it answers what
it says it answers, whoever asks. `make fuzz EXAMPLES=200` looks longer, in every role.
"""

import os
import uuid
from typing import Any

import pytest
import schemathesis
from django.core.cache import cache
from django.test import Client
from drf_spectacular.drainage import GENERATOR_STATS
from drf_spectacular.generators import SchemaGenerator
from hypothesis import HealthCheck, Phase, settings
from schemathesis.checks import CHECKS, not_a_server_error
from schemathesis.core.parameters import ParameterLocation
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from accounts.models import User
from copytrading.models import Lead
from smartsync_site.wsgi import application
from tests.api.program import Program
from tests.cast import World

EXAMPLES = int(os.environ.get("EXAMPLES") or 0)
# In every `make test` a short look by who may most; a long one takes everybody's part, and each bound of each value.
ROLES = ("visitor", "follower", "lead") if EXAMPLES else ("follower",)

# What is well-formed may still be refused, for which lead, market, cursor, day or sum it names, in a sentence.
NOT_ALWAYS = {"positive_data_acceptance"}
SHORT_CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
LONG_CHECKS = [check for check in CHECKS.get_all() if check.__name__ not in NOT_ALWAYS]

# Read once, before there is a database: the description does not need one.
schema = schemathesis.openapi.from_wsgi("/api/v1/schema", application)


@pytest.fixture
def there(world: World, lead: Lead, follower: User) -> dict[str, Any]:
    """Return what a long look names in requests, by parameter: a copy that holds something, and an open order."""
    if not EXAMPLES:
        return {}
    world.lead_trades(lead, "BTC", "BUY", "0.05")
    world.settle()
    copy = world.start(follower, lead)
    world.settle()
    order = world.lead_trades(lead, "ETH", "BUY", "0.5")
    return {
        "copy_id": copy.pk,
        "order_id": order.pk,
        "slug": lead.slug,
        "lead": lead.slug,
        "market": "BTC-USDT",
        "time_zone": "Europe/Berlin",
    }


@pytest.fixture
def asker(role: str, follower: User, lead: Lead, there: dict[str, Any]) -> Program:
    """Return the program of whoever asks."""
    return {"visitor": Program, "follower": lambda: Program.of(follower), "lead": lambda: Program.of(lead.user)}[role]()


class TestSchema:
    def test_describes_every_route_without_a_warning(self, db: None) -> None:
        GENERATOR_STATS.reset()

        document = SchemaGenerator().get_schema(request=None, public=True)

        assert not GENERATOR_STATS
        assert len(document["paths"]) == 110

    def test_is_served_with_its_page(self, client: Client) -> None:
        assert client.get("/api/v1/schema").status_code == 200
        page = client.get("/api/v1/docs")
        assert page.status_code == 200
        assert b"<style" not in page.content

    # A stream never ends; it has tests of its own.
    @schema.exclude(path_regex="live$").parametrize()
    @pytest.mark.parametrize("role", ROLES)
    @settings(
        max_examples=EXAMPLES or 6,
        deadline=None,
        derandomize=True,
        phases=[Phase.explicit, Phase.generate] if EXAMPLES else [Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    def test_is_what_happens(
        self, case: schemathesis.Case, transactional_db: None, role: str, asker: Program, there: dict[str, Any]
    ) -> None:
        headers = {"Authorization": f"Bearer {asker.token}"} if asker.token else {}
        if EXAMPLES:
            # The clock stands, so that the limits of a minute would soon be all that there is to see.
            cache.clear()
            name_what_is_there(case, there)
            # Where the sign-in was left out or spoilt on purpose it stays so.
            headers = headers if is_meant(case, ParameterLocation.HEADER) else {}

        checks = LONG_CHECKS if EXAMPLES else SHORT_CHECKS
        if "fields" in (case.query or {}):
            # The description is of whole answers; what a sparse one is stands in test_sparse.
            checks = [check for check in checks if check is not response_schema_conformance]
        case.call_and_validate(headers=headers, checks=checks)


def is_meant(case: schemathesis.Case, location: ParameterLocation) -> bool:
    """Return whether a part of a request is as the description says, and not spoilt on purpose."""
    part = case.meta.components.get(location) if case.meta else None
    return part is None or part.mode.is_positive


def name_what_is_there(case: schemathesis.Case, there: dict[str, Any]) -> None:
    """Let about half of the requests be about something that there is: a number made up is nobody's."""
    if is_meant(case, ParameterLocation.PATH):
        for name in there.keys() & case.path_parameters.keys():
            if len(str(case.path_parameters[name])) % 2:
                case.path_parameters[name] = there[name]
    if is_meant(case, ParameterLocation.HEADER) and "Idempotency-Key" in (case.headers or {}):
        # Made up over and over it is mostly the same, and the answer to that is always the same.
        case.headers["Idempotency-Key"] = uuid.uuid4().hex
    if is_meant(case, ParameterLocation.BODY) and isinstance(case.body, dict):
        case.body |= {name: there[name] for name in there.keys() & case.body.keys()}
