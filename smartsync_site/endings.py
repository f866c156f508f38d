"""How a command ends that its surroundings do not let finish: one sentence on the error stream, and a code."""

import contextlib
import errno
import os
import sys
from collections.abc import Iterator

import psycopg
from django.core.exceptions import ImproperlyConfigured
from psycopg.errors import DiskFull, UndefinedTable

from copytrading.engine.rules import RuleOutOfBounds

USAGE_ERROR = 2
# What a shell reports of a program that Ctrl-C ended, or that wrote to somebody who had left.
INTERRUPTED, LEFT_ALONE = 130, 141
# SQLSTATEs of a server that lets go of us: connection lost, shutting down, no room for one more.
UNREACHABLE = ("08", "57P", "53300")


def sentence_of(error: Exception) -> str:
    """Return what to say when the surroundings are behind an error; empty when we are, and it should be seen whole."""
    # Django wraps what the driver raised; a command that speaks to the server itself gets it bare.
    refusal = error if isinstance(error, psycopg.Error) else error.__cause__
    if isinstance(error, (ImproperlyConfigured, RuleOutOfBounds)):
        return f"The settings do not fit: {_first_line(error)}"
    if getattr(error, "errno", None) == errno.ENOSPC or isinstance(refusal, DiskFull):
        return "The disk is full: nothing more can be written."
    if isinstance(refusal, UndefinedTable):
        return "The database has no tables yet: start once with make run, or bring them in with manage.py migrate."
    if isinstance(refusal, psycopg.OperationalError) and (refusal.sqlstate or "08").startswith(UNREACHABLE):
        return f"The database cannot be reached: {_first_line(refusal)}"
    return ""


@contextlib.contextmanager
def one_sentence() -> Iterator[None]:
    """
    End the process with a sentence where its surroundings do not let a block finish: the settings, above all.

    For the processes that have no `manage.py` around them: web, worker and beat.
    """
    try:
        yield
    except Exception as error:
        if not (sentence := sentence_of(error)):
            raise
        sys.stderr.write(f"{sentence}\n")
        raise SystemExit(USAGE_ERROR) from None


def write_nothing_more() -> None:
    """Let what is left of the output go nowhere: whoever read it has left, or it has no room."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)


def _first_line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0]
