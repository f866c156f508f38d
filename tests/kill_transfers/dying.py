"""A process that may die at any statement it sends to the database, before it or after it."""

import os
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.db import connection

from tests.campaign.points import Tokens

STATEMENT = "statement"
# Most statements pass, so that a death is now at the first and now at the last of a transaction.
CHANCE = 0.15


def may_die_at_statements() -> None:
    """From now on, take the token of a statement when it lies there, and die."""
    tokens = Tokens(Path(os.environ["CAMPAIGN_TOKENS"]))

    def execute_or_die(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        dies, dies_before = random.random() < CHANCE, random.random() < 0.5
        if dies and dies_before:
            tokens.obey(STATEMENT)
        result = execute(sql, params, many, context)
        if dies:
            tokens.obey(STATEMENT)
        return result

    connection.execute_wrappers.append(execute_or_die)
