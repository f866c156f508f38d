"""manage.py create_operator: make one of the first two operators, on the server, with a second factor."""

import sys
from getpass import getpass
from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.adapter import get_adapter
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.core.validators import validate_email
from django.db import transaction
from django.utils import timezone

from accounts import approvals, audit
from accounts.audit import Surroundings
from accounts.models import User, Vouching

FIRST_OPERATORS = 2


class Command(BaseCommand):
    help = "Make one of the first two operators, with a password that is asked for and a second factor that is shown."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email", help="the address that the operator signs in with")
        parser.add_argument("--password-stdin", action="store_true", help="read the password from the input")

    def handle(self, *, email: str, password_stdin: bool, **_: Any) -> None:
        email = email.strip().lower()
        try:
            validate_email(email)
        except ValidationError:
            raise CommandError(f"{email!r} is no e-mail address.", returncode=2) from None
        password = sys.stdin.readline().rstrip("\n") if password_stdin else getpass("Password of the operator: ")
        try:
            validate_password(password, user=User(email=email))
        except ValidationError as refusal:
            raise CommandError(" ".join(refusal.messages), returncode=2) from None
        with transaction.atomic():
            secret, codes = self._create(email, password)
        self.stdout.write(f"{email} is an operator. Add this to an authenticator app, it is shown once:")
        self.stdout.write(f"  {get_adapter().build_totp_url(User(email=email), secret)}")
        self.stdout.write(f"Codes to keep on paper, each good once: {' '.join(codes)}")

    def _create(self, email: str, password: str) -> tuple[str, list[str]]:
        now = timezone.now()
        # Locked, so that two who make one at once do not make three.
        if len(User.objects.select_for_update().filter(is_superuser=True, is_active=True)) >= FIRST_OPERATORS:
            sentence = f"There are {FIRST_OPERATORS} operators already: let them ask for another one on the panel."
            raise CommandError(sentence, returncode=2)
        if User.objects.filter(email__iexact=email).exists():
            raise CommandError("Somebody signs in with this address already; use another one.", returncode=2)
        operator = User.objects.create_superuser(email, password)
        EmailAddress.objects.create(user=operator, email=email, verified=True, primary=True)
        secret = generate_totp_secret()
        TOTP.activate(operator, secret)
        codes = RecoveryCodes.activate(operator).get_unused_codes()
        approvals.vouch(maker=None, person=operator, act=Vouching.Act.CREATED, now=now)
        audit.write("operator created on the server", by=Surroundings(), now=now, on=operator)
        return secret, codes
