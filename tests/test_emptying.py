"""What a test committed is gone for the next one, and what migrating wrote is there, whatever a test did to it."""

import pytest
from django.contrib.auth.models import Group, Permission
from django.db import connection

from accounts.models import Journal, User
from copytrading.models import Lead
from tests.cast import World

pytestmark = pytest.mark.django_db(transaction=True)


class TestEmptying:
    @pytest.mark.parametrize("time", ["first", "again", "and once more"])
    def test_leaves_nothing_of_what_was_committed(self, world: World, lead: Lead, follower: User, time: str) -> None:
        world.start(follower, lead, "1000")
        emails = ["chalk@example.org", follower.email, lead.user.email]

        assert Journal.objects.exists()
        assert User.objects.exclude(email__in=emails).count() == 0

    @pytest.mark.parametrize("time", ["first", "again", "and once more"])
    def test_brings_back_what_a_test_took_from_what_is_shipped(self, time: str) -> None:
        Permission.objects.filter(codename="see_metrics").delete()
        Group.objects.get(name="finance").delete()

    def test_leaves_the_database_as_it_guards(self, world: World, lead: Lead, follower: User) -> None:
        world.start(follower, lead, "1000")

        with connection.cursor() as cursor:
            cursor.execute("SHOW session_replication_role")
            assert cursor.fetchone() == ("origin",)
