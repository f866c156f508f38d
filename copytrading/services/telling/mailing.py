"""E-mail: one message after the other over one connection, through whatever SMTP server the settings name."""

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from smtplib import SMTPConnectError, SMTPDataError, SMTPException, SMTPRecipientsRefused, SMTPResponseException

import structlog
from django.core.mail import get_connection

from accounts.transactions import outside_transaction
from copytrading.models import Delivery
from copytrading.queries.rules import platform_rules
from copytrading.services.telling import deliveries
from copytrading.services.telling.deliveries import Message
from copytrading.services.telling.letters import letter_of

SECONDS_MAX = 10
PERMANENT = 500
LETTERS_A_TIME = 200
WAITING = (Delivery.Status.PENDING, Delivery.Status.SENDING)

log = structlog.get_logger()


@outside_transaction
def send_letters(*, clock: Callable[[], datetime]) -> int:
    """
    Send what is due by e-mail, up to 200 messages, and return how many the mail server took.

    A server that cannot be reached claims nothing: everything waits. One that refuses a mailbox for good is believed;
    whatever else goes wrong with a message is tried again under the same id.
    """
    if not Delivery.objects.filter(channel=Delivery.Channel.EMAIL, status__in=WAITING, due_at__lte=clock()).exists():
        return 0
    server = get_connection(timeout=SECONDS_MAX)
    try:
        server.open()
    except (OSError, SMTPException) as trouble:
        log.warning("the mail server cannot be reached", trouble=str(trouble))
        return 0
    taken, rules = 0, platform_rules()
    try:
        for _ in range(LETTERS_A_TIME):
            message = deliveries.claim(Delivery.Channel.EMAIL, now=clock())
            if message is None:
                break
            try:
                letter = letter_of(message.notices, message_id=message.message_id, rules=rules)
                server.send_messages([letter])
            except (OSError, SMTPException) as trouble:
                _note_trouble(message, trouble, now=clock())
                if not _is_about_the_mailbox(trouble):
                    break
            else:
                deliveries.finish(message, Delivery.Status.SENT, now=clock())
                taken += 1
    finally:
        # What was sent is noted; a server that does not say goodbye takes nothing back.
        with suppress(OSError, SMTPException):
            server.close()
    return taken


def _is_about_the_mailbox(trouble: Exception) -> bool:
    """Return whether the server goes on taking other messages."""
    return isinstance(trouble, SMTPRecipientsRefused | SMTPDataError)


def _note_trouble(message: Message, trouble: Exception, *, now: datetime) -> None:
    code, words = _answer(trouble)
    answer = f"{code} {words}".strip() if code else f"{type(trouble).__name__}: {words}"
    if code >= PERMANENT and _is_about_the_mailbox(trouble):
        deliveries.finish(message, Delivery.Status.REFUSED, now=now, answer=answer)
    else:
        deliveries.try_again(message, now=now, answer=answer)
    log.warning("a mail was not taken", message_id=message.message_id, answer=answer)


def _answer(trouble: Exception) -> tuple[int, str]:
    """Return the code and the words of the mail server; 0 where it did not answer."""
    if isinstance(trouble, SMTPRecipientsRefused):
        code, words = next(iter(trouble.recipients.values()))
        return int(code), _text(words)
    if isinstance(trouble, SMTPResponseException) and not isinstance(trouble, SMTPConnectError):
        return int(trouble.smtp_code), _text(trouble.smtp_error)
    return 0, str(trouble)


def _text(words: bytes | str) -> str:
    return words.decode(errors="replace") if isinstance(words, bytes) else words
