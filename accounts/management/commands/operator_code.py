"""manage.py operator_code: the code of the moment of a demo operator, on somebody's own machine."""

from typing import Any

from allauth.mfa.adapter import get_adapter
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value, yield_hotp_counters_from_time
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser


class Command(BaseCommand):
    help = "Print the code that a demo operator's authenticator app would show now. On a server there is no such thing."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email", help="the address of the demo operator")

    def handle(self, *, email: str, **_: Any) -> None:
        if not settings.DEVELOPMENT:
            raise CommandError("On a server the codes are in the operators' own apps.", returncode=2)
        factor = Authenticator.objects.filter(user__email__iexact=email, type=Authenticator.Type.TOTP).first()
        if factor is None or not email.endswith("@demo.example.org"):
            raise CommandError("There is no such demo operator.", returncode=2)
        counters = list(yield_hotp_counters_from_time())
        secret = get_adapter().decrypt(factor.data["secret"])
        self.stdout.write(format_hotp_value(hotp_value(secret, counters[len(counters) // 2])))
