"""A real mail server for the tests: takes mails over SMTP on this machine, and refuses whom it is told to refuse."""

import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class MailSink:
    """What came, and what is answered: by address a code of SMTP, or for everybody while `hangs_up` counts down."""

    port: int = 0
    mails: list[EmailMessage] = field(default_factory=list)
    answers: dict[str, str] = field(default_factory=dict)
    # So many mails are taken, and the connection is lost before anybody is told so.
    hangs_up: int = 0
    # Called with the sender's port once a mail is taken and before that is said.
    when_taken: Callable[[int], None] = lambda port: None

    async def handle_RCPT(  # noqa: N802  (the server's name for it)
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address in self.answers:
            return self.answers[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        content: Any = envelope.content
        self.mails.append(message_from_bytes(content, policy=policy.default))  # type: ignore[arg-type]
        self.when_taken(session.peer[1])
        if self.hangs_up:
            self.hangs_up -= 1
            assert server.transport is not None, "there is a connection while it speaks"
            server.transport.abort()
        return "250 taken"

    def to(self, address: str) -> list[EmailMessage]:
        return [mail for mail in self.mails if mail["To"] == address]


@contextmanager
def mail_sink() -> Iterator[MailSink]:
    """Run a mail server for the duration of the block."""
    sink = MailSink(port=free_port())
    controller = Controller(sink, hostname="127.0.0.1", port=sink.port)
    controller.start()
    try:
        yield sink
    finally:
        controller.stop()
