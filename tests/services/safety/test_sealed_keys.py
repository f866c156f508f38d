"""The seal: what opens it, what does not, and that nothing of a key shows anywhere."""

import base64
import io
import logging

import pytest
import structlog
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction
from pytest_django.fixtures import Settings

from accounts import sealing
from accounts.models import User
from copytrading.models import Lead, LinkedAccount
from copytrading.services.leads import linking
from copytrading.services.safety import sealed_keys
from smartsync_site.watching import logs
from tests.cast import World
from tests.elsewhere import KEY, Elsewhere, connect, look

OLD, NEW = (base64.urlsafe_b64encode(bytes([number]) * 32).decode() for number in (1, 2))
PARTS = (KEY.key, KEY.secret, KEY.password)


@pytest.fixture
def link(world: World, faraway: Lead, elsewhere: Elsewhere) -> LinkedAccount:
    connect(world, faraway)
    return LinkedAccount.objects.get()


class TestSealKey:
    def test_opens_to_what_was_sealed(self, link: LinkedAccount) -> None:
        opened = sealed_keys.open_key(link)

        assert (opened.key, opened.secret, opened.password) == PARTS

    def test_leaves_nothing_readable_in_the_database(self, link: LinkedAccount) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT linked::text FROM copytrading_linkedaccount AS linked")
            row = cursor.fetchone()[0]

        for part in PARTS:
            assert part not in row
            assert part.encode().hex() not in row

    def test_is_another_one_each_time(self, link: LinkedAccount) -> None:
        before = bytes(link.sealed_key)

        sealed_keys.seal_key(link, KEY)

        assert bytes(link.sealed_key)[: sealing.NONCE_BYTES] != before[: sealing.NONCE_BYTES]
        assert bytes(link.sealed_key) != before

    @pytest.mark.parametrize("part", ["pk", "lead_id", "exchange"])
    def test_does_not_open_in_another_place(self, link: LinkedAccount, part: str) -> None:
        setattr(link, part, "okx" if part == "exchange" else getattr(link, part) + 1)

        with pytest.raises(sealed_keys.KeyDoesNotOpen):
            sealed_keys.open_key(link)

    @pytest.mark.parametrize("place", [0, 20, -1])
    def test_does_not_open_with_one_bit_changed(self, link: LinkedAccount, place: int) -> None:
        sealed = bytearray(link.sealed_key)
        sealed[place] ^= 1
        link.sealed_key = bytes(sealed)

        with pytest.raises(sealed_keys.KeyDoesNotOpen):
            sealed_keys.open_key(link)

    def test_is_erased_by_the_database_itself_where_the_account_is_disconnected(self, link: LinkedAccount) -> None:
        with pytest.raises(IntegrityError, match="a_disconnected_account_keeps_no_key"), transaction.atomic():
            LinkedAccount.objects.update(status=LinkedAccount.Status.REVOKED)


class TestRotateLinkKeys:
    def test_seals_anew_so_that_the_old_key_can_go(self, link: LinkedAccount, settings: Settings) -> None:
        settings.SMARTSYNC_LINK_KEYS = [OLD]
        sealed_keys.seal_key(link, KEY)
        link.save()
        settings.SMARTSYNC_LINK_KEYS = [NEW, OLD]
        assert sealed_keys.open_key(link).secret == KEY.secret

        told = io.StringIO()
        call_command("rotate_link_keys", stdout=told)
        settings.SMARTSYNC_LINK_KEYS = [NEW]

        assert told.getvalue() == "1 key sealed anew.\n"
        link.refresh_from_db()
        assert sealed_keys.open_key(link).secret == KEY.secret
        assert sealed_keys.rotate_link_keys() == 0

    def test_says_so_where_the_old_key_is_gone(self, link: LinkedAccount, settings: Settings) -> None:
        settings.SMARTSYNC_LINK_KEYS = [NEW]

        with pytest.raises(CommandError, match="not among SMARTSYNC_LINK_KEYS"):
            call_command("rotate_link_keys")

    def test_a_lost_key_breaks_the_link_with_a_sentence(
        self, world: World, link: LinkedAccount, settings: Settings
    ) -> None:
        settings.SMARTSYNC_LINK_KEYS = [NEW]
        for _ in range(linking.FAILURES_MAX):
            look(world, link)

        link.refresh_from_db()
        assert link.status == LinkedAccount.Status.BROKEN
        assert "connect the account again" in link.reason


class TestLinkKeys:
    @pytest.mark.parametrize("wrong", ["short", base64.b64encode(b"1" * 31).decode(), "ä"])
    def test_are_32_bytes(self, settings: Settings, wrong: str) -> None:
        settings.SMARTSYNC_LINK_KEYS = [wrong]

        with pytest.raises(ImproperlyConfigured, match="SMARTSYNC_LINK_KEYS"):
            sealed_keys.can_seal()

    def test_without_one_a_server_links_nothing(
        self,
        world: World,
        faraway: Lead,
        elsewhere: Elsewhere,
        settings: Settings,
    ) -> None:
        settings.SMARTSYNC_LINK_KEYS, settings.DEVELOPMENT = [], False

        with pytest.raises(linking.LinkNotPossible, match="cannot be connected here"):
            connect(world, faraway)

        assert elsewhere.questions == 0


class TestSecrecy:
    def test_of_a_key_nothing_is_logged_whatever_goes_wrong(
        self,
        world: World,
        faraway: Lead,
        elsewhere: Elsewhere,
        stranger: User,
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        caplog.set_level(logging.DEBUG)
        for trouble in ("refuses_the_key", "talks_nonsense", "is_silent", "has_another_clock"):
            elsewhere.is_well()
            getattr(elsewhere, trouble)()
            with pytest.raises(linking.Refusal):
                connect(world, faraway)
        elsewhere.is_well()
        link = connect(world, faraway)
        elsewhere.refuses_the_key()
        for _ in range(linking.FAILURES_MAX):
            look(world, link)

        assert caplog.text
        for part in PARTS:
            assert part not in caplog.text

    def test_a_value_shows_nothing_of_a_key(self) -> None:
        for shown in (repr(KEY), str(KEY), f"{KEY}"):
            for part in PARTS:
                assert part not in shown

    def test_a_traceback_shows_no_variables(self, capsys: pytest.CaptureFixture[str]) -> None:
        formatter = logs.logging_settings(development=True, level="INFO")["formatters"]["line"]
        handler = logging.StreamHandler()
        handler.setFormatter(structlog.stdlib.ProcessorFormatter(**{k: v for k, v in formatter.items() if k != "()"}))
        log = logging.getLogger("tests.secrecy")
        log.addHandler(handler)

        def stumble(typed: str) -> None:
            raise ValueError("stumbled over it")

        try:
            stumble("".join(reversed("terces-ym")))
        except ValueError:
            log.exception("it happened")
        finally:
            log.removeHandler(handler)

        told = capsys.readouterr().err
        assert "stumbled over it" in told
        assert "my-secret" not in told
