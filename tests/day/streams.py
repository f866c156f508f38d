"""People who leave a page open: each a live stream that hears bells, and comes again when it ends."""

import asyncio
import threading
from collections.abc import Sequence
from contextlib import suppress

BEGUN_SECONDS = 60.0
AGAIN_SECONDS = 3.0
# So many come at once: a listening socket keeps no more waiting.
AT_ONCE = 32


class Streams(threading.Thread):
    """
    Streams of so many people, held open until told to stop.

    Each asks a web unit as the proxy would, from an address of its own. `refused` counts what was no stream, `ended`
    what ended without having lasted its time, `bells` what was heard.
    """

    def __init__(self, *, ports: Sequence[int], cookies: Sequence[str]) -> None:
        super().__init__(daemon=True)
        self.ports, self.cookies = ports, cookies
        self.open = self.refused = self.ended = self.bells = 0
        self._stopping = threading.Event()

    def run(self) -> None:
        asyncio.run(self._hold())

    def stop(self) -> None:
        self._stopping.set()

    async def _hold(self) -> None:
        self._gate = asyncio.Semaphore(AT_ONCE)
        held = [asyncio.create_task(self._listen(number)) for number in range(len(self.cookies))]
        while not self._stopping.is_set():
            await asyncio.sleep(0.5)
        for one in held:
            one.cancel()
        await asyncio.gather(*held, return_exceptions=True)

    async def _listen(self, number: int) -> None:
        while True:
            with suppress(OSError, TimeoutError):
                await self._listen_once(number)
            await asyncio.sleep(AGAIN_SECONDS)

    async def _listen_once(self, number: int) -> None:
        port = self.ports[number % len(self.ports)]
        async with self._gate, asyncio.timeout(BEGUN_SECONDS):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            request = (
                f"GET /live/ HTTP/1.1\r\nHost: localhost\r\nCookie: {self.cookies[number]}\r\n"
                f"X-Forwarded-Proto: https\r\nX-Forwarded-For: 10.0.{number // 250}.{1 + number % 250}\r\n\r\n"
            )
            writer.write(request.encode())
            status = await reader.readline()
        try:
            if b" 200 " not in status:
                self.refused += 1
                return
            self.open += 1
            try:
                while line := await reader.readline():
                    self.bells += line.startswith(b"event:")
                self.ended += 1
            finally:
                self.open -= 1
        finally:
            writer.close()
