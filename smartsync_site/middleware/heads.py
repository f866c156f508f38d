"""
How long the web server waits for the head of a request, and how much of one it reads: before any of our code is asked.

The server bounds how long a connection may rest between two requests, and not how long a request may take to begin.
Whoever opens connections and says nothing on them, or one letter now and then, would hold them for ever. Given to the
server as `--http smartsync_site.middleware.heads:PromptHeads`.
"""

import asyncio
from typing import Any

from django.conf import settings
from uvicorn.protocols.http.auto import AutoHTTPProtocol

ANSWER = b"HTTP/1.1 %b\r\ncontent-type: text/plain; charset=utf-8\r\nconnection: close\r\n\r\n%b\n"
TOO_SLOW = ANSWER % (b"408 Request Timeout", b"That request took too long to begin.")
TOO_LARGE = ANSWER % (b"431 Request Header Fields Too Large", b"No request of ours needs so long a head.")


class PromptHeads(AutoHTTPProtocol):  # type: ignore[misc,valid-type]
    """The server's own protocol; it hangs up on a head that is not complete in time, or has no end."""

    head_due: asyncio.TimerHandle | None = None
    head_bytes = 0

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self._wait_for_head()

    def data_received(self, data: bytes) -> None:
        answered = self.cycle
        super().data_received(data)
        if self.cycle is not answered or not (answered is None or answered.response_complete):
            # A head was complete, or what came is the body of a request that is at work.
            self._wait_no_more()
            return
        if self.head_due is None:
            self._wait_for_head()
        self.head_bytes += len(data)
        if self.head_bytes > settings.REQUEST_HEAD_BYTES_MAX:
            self._hang_up(TOO_LARGE)

    def connection_lost(self, exc: Exception | None) -> None:
        self._wait_no_more()
        super().connection_lost(exc)

    def _wait_for_head(self) -> None:
        self.head_due = self.loop.call_later(settings.REQUEST_HEAD_SECONDS_MAX, self._hang_up, TOO_SLOW)

    def _wait_no_more(self) -> None:
        self.head_bytes = 0
        if self.head_due is not None:
            self.head_due.cancel()
            self.head_due = None

    def _hang_up(self, answer: bytes) -> None:
        self._wait_no_more()
        if not self.transport.is_closing():
            self.transport.write(answer)
            self.transport.close()
