import sys
import threading
import time
from pathlib import Path

import psutil

from smartsync_site.supervisor import Program, Supervisor

SLEEPS = [sys.executable, "-c", "import time; time.sleep(60)"]


def python(code: str) -> list[str]:
    return [sys.executable, "-c", code]


class TestSupervisor:
    def test_names_the_vital_program_that_ended(self) -> None:
        others = Program("worker", SLEEPS)
        supervisor = Supervisor(
            programs=[Program("web", python("raise SystemExit(3)"), vital=True), others], say=lambda _: None
        )

        sentence = supervisor.run(when_started=lambda: True)

        assert sentence.startswith("The web process has ended (code 3)")
        assert others.process is not None
        assert not psutil.pid_exists(others.process.pid)

    def test_starts_another_program_again_and_says_so(self, tmp_path: Path) -> None:
        said: list[str] = []
        starts = tmp_path / "starts"
        feed = Program("feed", python(f"open({str(starts)!r}, 'a').write('x')"))
        supervisor = Supervisor(programs=[feed], say=said.append)

        def stop_after_two_starts() -> bool:
            supervisor.asked_to_stop = starts.exists() and len(starts.read_text()) >= 2
            return False

        assert supervisor.run(when_started=stop_after_two_starts) == ""
        assert said[0] == "The feed process has ended (code 0); starting it again in 1 s."
        assert feed.back_off_seconds > 1, "the wait after the next fall must be longer"

    def test_kills_what_does_not_want_to_end(self, tmp_path: Path) -> None:
        ready = tmp_path / "ready"
        deaf = Program(
            "worker",
            python(
                "import signal, time, pathlib; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
                f"pathlib.Path({str(ready)!r}).touch(); time.sleep(60)"
            ),
        )
        supervisor = Supervisor(programs=[deaf], say=lambda _: None)

        def stop_when_ready() -> bool:
            supervisor.asked_to_stop = ready.exists()
            return False

        began_at = time.monotonic()
        supervisor.run(when_started=stop_when_ready)

        assert time.monotonic() - began_at < 10
        assert deaf.process is not None
        assert not psutil.pid_exists(deaf.process.pid)

    def test_ends_when_a_server_below_is_broken(self) -> None:
        supervisor = Supervisor(
            programs=[Program("web", SLEEPS, vital=True)], say=lambda _: None, broken=lambda: "PostgreSQL has ended."
        )

        assert supervisor.run(when_started=lambda: True) == "PostgreSQL has ended."

    def test_leaves_no_thread_waiting_for_words(self) -> None:
        before = threading.active_count()
        supervisor = Supervisor(programs=[Program("web", python("print('hello')"), vital=True)], say=lambda _: None)

        supervisor.run(when_started=lambda: True)
        time.sleep(0.2)

        assert threading.active_count() <= before
