"""The API does what its own description says: given what it says it takes, it answers what it says it answers."""

import schemathesis
from django.test import Client
from drf_spectacular.drainage import GENERATOR_STATS
from drf_spectacular.generators import SchemaGenerator
from hypothesis import HealthCheck, Phase, settings
from schemathesis.checks import not_a_server_error
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

CHECKS = (not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance)


# Read once, before there is a database: the description does not need one.
schema = schemathesis.openapi.from_wsgi("/api/v1/schema", application)


class TestSchema:
    def test_describes_every_route_without_a_warning(self, db: None) -> None:
        GENERATOR_STATS.reset()

        document = SchemaGenerator().get_schema(request=None, public=True)

        assert not GENERATOR_STATS
        assert len(document["paths"]) == 78

    def test_is_served_with_its_page(self, client: Client) -> None:
        assert client.get("/api/v1/schema").status_code == 200
        page = client.get("/api/v1/docs")
        assert page.status_code == 200
        assert b"<style" not in page.content

    # A stream never ends; it has tests of its own.
    @schema.exclude(path_regex="live$").parametrize()
    @settings(
        max_examples=3,
        deadline=None,
        derandomize=True,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    def test_is_what_happens(
        self, case: schemathesis.Case, transactional_db: None, world: World, lead: Lead, follower: User
    ) -> None:
        program = Program.of(follower)

        response = case.call(headers={"Authorization": f"Bearer {program.token}"})

        case.validate_response(response, checks=CHECKS)
