"""Processes that never outlive the one that started them."""

import contextlib
import ctypes
import os
import platform
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

PR_SET_PDEATHSIG = 1
ON_LINUX = platform.system() == "Linux"
_libc = ctypes.CDLL(None) if ON_LINUX else None


def signal_on_parent_death(number: int) -> Callable[[], None] | None:
    """
    Return a hook for `Popen(preexec_fn=...)`: the kernel sends the child this signal when its parent dies, even by
    kill -9. The kernel means the *thread* that started the child, so start children from the main thread only.
    """
    libc = _libc
    if libc is None:
        return None  # only Linux knows this; elsewhere the next start clears what a killed one left
    return lambda: libc.prctl(PR_SET_PDEATHSIG, number)


def command_line_of(process_id: int) -> str:
    """Return the command line of a process, empty when there is no such process."""
    if ON_LINUX:
        with contextlib.suppress(OSError):
            return Path(f"/proc/{process_id}/cmdline").read_bytes().decode(errors="replace")
        return ""
    listing = subprocess.run(
        ["ps", "-p", str(process_id), "-o", "command="], capture_output=True, text=True, check=False
    )
    return listing.stdout


def end_orphan(*, pid_file: Path, marks: tuple[str, ...], number: int, seconds_max: float = 10) -> None:
    """
    End the server a killed run left behind, and remove its pid file.

    Call it while holding the folder's lock. The process id may have been given to a stranger since (containers start
    counting anew), so every one of `marks` must be in its command line.
    """
    try:
        process_id = int(pid_file.read_text().split("\n", 1)[0])
    except (FileNotFoundError, ValueError):
        return
    deadline = time.monotonic() + seconds_max
    with contextlib.suppress(ProcessLookupError, PermissionError):
        while all(mark in command_line_of(process_id) for mark in marks):
            os.kill(process_id, number if time.monotonic() < deadline else signal.SIGKILL)
            time.sleep(0.05)
    pid_file.unlink(missing_ok=True)


def stop(process: subprocess.Popen[bytes], *, number: int, seconds_max: float) -> None:
    """Ask a process to end, and kill its whole session when it does not."""
    if process.poll() is None:
        process.send_signal(number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(seconds_max)
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def last_lines(log: Path, count: int = 5) -> str:
    """Return the end of a log as one line, for a sentence."""
    with contextlib.suppress(OSError):
        return " / ".join(log.read_text(errors="replace").strip().splitlines()[-count:])
    return ""
