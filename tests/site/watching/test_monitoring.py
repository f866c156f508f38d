from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from accounts.models import User
from copytrading.services.running import heartbeats
from tests.sign_in import sign_in


class TestLive:
    def test_answers_without_a_database(self, client: Client) -> None:
        assert client.get("/health/live").content == b"alive\n"


@pytest.mark.django_db(transaction=True)
class TestReady:
    def test_names_the_servers_that_answer_and_the_processes_that_live(self, client: Client) -> None:
        for kind in ("WORKER", "BEAT", "RINGS", "FEED"):
            heartbeats.beat(kind=heartbeats.Kind(kind), now=timezone.now())

        answer = client.get("/health/ready")

        alive = dict.fromkeys(("database", "cache", "worker", "beat", "rings", "feed"), "ok")
        assert (answer.status_code, answer.json()) == (200, alive)

    def test_says_503_when_a_process_is_silent_or_was_never_there(self, client: Client) -> None:
        heartbeats.beat(kind=heartbeats.Kind.FEED, now=timezone.now() - timedelta(minutes=1))

        answer = client.get("/health/ready")

        assert (answer.status_code, answer.json()["feed"], answer.json()["beat"]) == (503, "silent", "missing")

    def test_says_503_when_the_cache_is_away(self, client: Client, settings: Settings) -> None:
        settings.CACHES = {
            "default": {
                "BACKEND": "django.core.cache.backends.redis.RedisCache",
                "LOCATION": "unix:///nowhere/valkey.sock?db=0",
            }
        }

        answer = client.get("/health/ready")

        assert (answer.status_code, answer.json()["cache"]) == (503, "down")


@pytest.mark.django_db
class TestMetrics:
    def test_do_not_exist_for_a_stranger(self, client: Client) -> None:
        assert client.get("/metrics").status_code == 404

    def test_do_not_exist_for_a_follower(self, client: Client) -> None:
        client.force_login(User.objects.create_user("somebody@example.org", "a long passphrase"))

        assert client.get("/metrics").status_code == 404

    def test_do_not_accept_an_empty_token(self, client: Client) -> None:
        assert client.get("/metrics", headers={"Authorization": "Bearer "}).status_code == 404

    def test_are_shown_to_whoever_knows_the_token(self, client: Client, settings: Settings) -> None:
        settings.METRICS_TOKEN = "the collector's"

        answer = client.get("/metrics", headers={"Authorization": "Bearer the collector's"})

        assert answer.status_code == 200
        assert b"django_http_requests" in answer.content
        assert b"smartsync_custody_difference" in answer.content

    def test_are_shown_to_staff(self, client: Client) -> None:
        operator = User.objects.create_superuser("operator@example.org", "a long passphrase")
        client.force_login(operator)
        assert client.get("/metrics").status_code == 404  # no second factor
        sign_in(client, operator)

        assert client.get("/metrics").status_code == 200
