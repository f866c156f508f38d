"""
Keep a few programs running, say what they say, and leave none of them behind.

Every program lives in a session of its own, so that the terminal's Ctrl-C reaches the supervisor alone and the order of
the shutdown is ours. The kernel ends them when the supervisor is killed.
"""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from smartsync_site.embedded import processes

BACK_OFF_SECONDS_MAX = 30.0
STEADY_SECONDS = 60.0  # after this long a program has recovered, and the next fall starts with a short wait again
STOP_SECONDS_MAX = 5.0


@dataclass
class Program:
    """One program to keep running; a vital one ends everything when it ends."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict)
    vital: bool = False
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    start_again_at: float = 0.0
    back_off_seconds: float = 1.0


class Supervisor:
    """
    Runs the programs until it is asked to stop, a vital one ends, or `broken` names a reason.

    :param say: prints one line; it must not raise when the terminal is gone.
    :param broken: looked at five times a second; a sentence ends everything.
    """

    def __init__(
        self, *, programs: Sequence[Program], say: Callable[[str], None], broken: Callable[[], str] = lambda: ""
    ) -> None:
        self.programs = programs
        self.say = say
        self.broken = broken
        # A plain flag: an Event set by a signal handler can lock up when the signal arrives inside its wait.
        self.asked_to_stop = False

    def run(self, *, when_started: Callable[[], bool]) -> str:
        """
        Run until the end. Return the sentence of what went wrong, empty when we were asked to stop.

        :param when_started: called until it returns True, to announce that the platform answers.
        """
        try:
            for program in self.programs:
                self._start(program)
            announced = False
            while not self.asked_to_stop:
                announced = announced or when_started()
                sentence = self.broken() or self._look_after_programs()
                if sentence:
                    return sentence
                time.sleep(0.2)
            return ""
        finally:
            self._stop_all()

    def _start(self, program: Program) -> None:
        # From the main thread only: the parent-death signal follows the thread.
        program.process = subprocess.Popen(
            program.command,
            env={**os.environ, "PYTHONUNBUFFERED": "1", **program.environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=processes.signal_on_parent_death(signal.SIGTERM),
        )
        program.started_at = time.monotonic()
        threading.Thread(target=self._repeat_lines, args=(program.name, program.process), daemon=True).start()

    def _look_after_programs(self) -> str:
        """Start fallen programs again, each after a longer wait than before; name a vital one that fell."""
        now = time.monotonic()
        for program in self.programs:
            if program.process is None:
                if now >= program.start_again_at:
                    self._start(program)
            elif (code := program.process.poll()) is not None:
                if program.vital:
                    return f"The {program.name} process has ended (code {code}); its last lines above say why."
                self._plan_restart(program, code=code, now=now)
        return ""

    def _plan_restart(self, program: Program, *, code: int, now: float) -> None:
        assert program.process is not None, "only a program that ran can fall"
        processes.stop(program.process, number=signal.SIGTERM, seconds_max=0)  # what it started must not outlive it
        if now - program.started_at > STEADY_SECONDS:
            program.back_off_seconds = 1.0
        self.say(
            f"The {program.name} process has ended (code {code}); starting it again in {program.back_off_seconds:g} s."
        )
        program.process = None
        program.start_again_at = now + program.back_off_seconds
        program.back_off_seconds = min(program.back_off_seconds * 2, BACK_OFF_SECONDS_MAX)

    def _stop_all(self) -> None:
        """Ask all at once and wait for them together, so that the slowest one sets the time and not their sum."""
        running = [program.process for program in self.programs if program.process]
        for process in running:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
        deadline = time.monotonic() + STOP_SECONDS_MAX
        while time.monotonic() < deadline and any(process.poll() is None for process in running):
            time.sleep(0.05)
        for process in running:
            processes.stop(process, number=signal.SIGKILL, seconds_max=1)

    def _repeat_lines(self, name: str, process: subprocess.Popen[bytes]) -> None:
        assert process.stdout is not None, "programs are started with their output piped to us"
        for line in process.stdout:
            write_line(f"{name:>6} | {line.decode(errors='replace').rstrip()}")


_terminal = threading.Lock()


def write_line(line: str) -> None:
    """Print one whole line, and go on when there is no terminal any more: a shutdown must not stop at that."""
    with _terminal:
        try:
            sys.stdout.write(line + "\n")
            sys.stdout.flush()
        except (OSError, ValueError):
            pass
