"""The pages of webhooks: added after a proof, its secret shown once, tried, changed, removed."""

import re

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from copytrading.api.telling.events import describe
from copytrading.models import Webhook
from copytrading.services.hooks.calling import call_all
from tests.hook_receiver import Receiver, webhook_of


@pytest.fixture
def proven(client: Client, stranger: User) -> Client:
    client.force_login(stranger)
    client.post(reverse("account_reauthenticate"), {"password": "correct horse battery"})
    return client


class TestWebhookPages:
    def test_add_one_after_a_proof_and_show_its_secret_once(
        self, client: Client, stranger: User, receiver: Receiver
    ) -> None:
        wanted = {"address": receiver.address, "description": "Home", "events": ["copy"], "topics": ["RESULTS"]}
        client.force_login(stranger)
        assert client.post(reverse("webhook_add"), wanted).status_code == 302
        assert not Webhook.objects.exists()
        client.post(reverse("account_reauthenticate"), {"password": "correct horse battery"})

        page = client.post(reverse("webhook_add"), wanted)

        (secret,) = re.findall(r'value="(whsec_[^"]+)"', page.content.decode())
        assert "no-store" in page["Cache-Control"]
        listed = client.get(reverse("programs")).content.decode()
        assert "Home" in listed and "<code>copy</code>, 1 topic" in listed and secret not in listed

    def test_say_what_is_wrong_beside_its_field(self, proven: Client) -> None:
        wanted = {"address": "https://127.0.0.1/", "events": ["copy"]}

        page = proven.post(reverse("webhook_add"), wanted).content.decode()
        nothing = proven.post(reverse("webhook_add"), wanted | {"events": []}).content.decode()

        assert "127.0.0.1 is no public machine" in page
        assert "Choose what the webhook is told of." in nothing

    def test_show_every_attempt_and_send_again(self, proven: Client, stranger: User, receiver: Receiver) -> None:
        webhook = webhook_of(stranger, now=timezone.now())
        Webhook.objects.update(address=receiver.address)
        receiver.answers = lambda path, number: [503, 200][number]
        proven.post(reverse("webhook_test", args=[webhook.pk]))
        call_all(describe=describe, clock=timezone.now)

        page = proven.get(reverse("webhook", args=[webhook.pk])).content.decode()
        assert "webhook.test" in page and "<strong>503</strong>" in page and "given up" in page
        delivery = webhook.deliveries.get()
        proven.post(reverse("webhook_send_again", args=[webhook.pk, delivery.pk]))
        call_all(describe=describe, clock=timezone.now)

        assert "taken" in proven.get(reverse("webhook", args=[webhook.pk])).content.decode()
        assert [arrival.id for arrival in receiver.arrivals] == [delivery.event_id] * 2

    def test_change_rotate_switch_and_remove(self, proven: Client, stranger: User, receiver: Receiver) -> None:
        webhook = webhook_of(stranger, now=timezone.now())
        changed = {"address": receiver.address, "description": "Elsewhere", "topics": ["RESULTS"]}

        proven.post(reverse("webhook_change", args=[webhook.pk]), changed)
        page = proven.post(reverse("webhook_rotate", args=[webhook.pk])).content.decode()
        proven.post(reverse("webhook_switch", args=[webhook.pk]), {"to": "rest"})
        rests = proven.get(reverse("webhook", args=[webhook.pk])).content.decode()
        proven.post(reverse("webhook_switch", args=[webhook.pk]), {"to": "active"})

        now = Webhook.objects.get()
        assert (now.address, now.events, now.topics) == (receiver.address, [], ["RESULTS"])
        assert "whsec_" in page and "signs as well until" in page
        assert "You paused it." in rests and now.status == Webhook.Status.ACTIVE
        proven.post(reverse("webhook_remove", args=[webhook.pk]))
        assert Webhook.objects.get().status == Webhook.Status.REMOVED
        assert proven.get(reverse("webhook", args=[webhook.pk])).status_code == 404

    def test_ask_for_a_proof_before_a_new_address_or_secret(self, client: Client, stranger: User) -> None:
        webhook = webhook_of(stranger, now=timezone.now())
        client.force_login(stranger)

        for name in ("webhook_change", "webhook_rotate"):
            answer = client.post(reverse(name, args=[webhook.pk]), {"address": "https://192.0.2.1/", "events": "copy"})
            assert answer.status_code == 302 and "reauthenticate" in answer["Location"]
