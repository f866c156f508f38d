"""The page of programs and devices: a key is made after a proof, shown once, and revoked with a press."""

import re

from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts import devices, program_keys
from accounts.models import ProgramKey, User

WANTED = {
    "name": "Robot",
    "scopes": ["read", "lead"],
    "addresses": "203.0.113.7",
    "days": "30",
    "requests_per_minute": "60",
}


class TestProgramKeys:
    def test_are_made_after_a_proof_and_shown_once(self, client: Client, stranger: User) -> None:
        client.force_login(stranger)
        unproven = client.post(reverse("program_key_make"), WANTED)
        client.post(reverse("account_reauthenticate"), {"password": "correct horse battery"})

        page = client.post(reverse("program_key_make"), WANTED)

        assert (unproven.status_code, ProgramKey.objects.count()) == (302, 1)
        (secret,) = re.findall(r'value="(sk_[^"]+)"', page.content.decode())
        found = program_keys.find_key(secret, address="203.0.113.7", now=timezone.now())
        assert found is not None
        assert (found.scopes, found.addresses) == (["read", "lead"], ["203.0.113.7/32"])
        assert "no-store" in page["Cache-Control"]
        assert secret not in client.get(reverse("programs")).content.decode()

    def test_say_what_is_wrong_with_them(self, client: Client, stranger: User) -> None:
        client.force_login(stranger)
        client.post(reverse("account_reauthenticate"), {"password": "correct horse battery"})

        page = client.post(reverse("program_key_make"), {**WANTED, "addresses": "home"})

        assert "home is no address and no network" in page.content.decode()
        assert not ProgramKey.objects.exists()

    def test_and_devices_are_revoked_by_their_own_person_only(
        self, client: Client, stranger: User, operator: User
    ) -> None:
        key, _ = program_keys.make_key(user=stranger, name="Robot", scopes=["read"], now=timezone.now())
        device, _ = devices.open_device(user=stranger, name="My phone", now=timezone.now())
        addresses = [reverse("program_key_revoke", args=[key.pk]), reverse("device_revoke", args=[device.pk])]

        client.force_login(operator)
        assert [client.post(address).status_code for address in addresses] == [404, 404]
        client.force_login(stranger)
        assert "My phone" in client.get(reverse("programs")).content.decode()
        assert [client.post(address).status_code for address in addresses] == [302, 302]

        assert not program_keys.keys_of(stranger).exists()
        assert not devices.devices_of(stranger).exists()
