"""What campaigns that kill senders share: throwaway servers, surroundings to start senders in, and the last line."""

import dataclasses
import json
import os
import sys
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any

import django

from tests.campaign.fleet import Fleet


def play(*, course: str, surroundings: Mapping[str, str], keep: bool, run: Callable[[Any, Fleet], Any]) -> int:
    """
    Play a campaign on servers of its own, print its figures as JSON, and return the code to end with.

    :param course: the module that knows the models, which may only be imported once Django knows the database.
    :param run: what the campaign is, called with that module and the fleet; its figures say whether they `is_clean`.
    """
    fleet, code = Fleet(), 1
    try:
        fleet.start_servers()
        os.environ |= {
            "DATABASE_URL": fleet.folder.database_url(),
            "REDIS_URL": fleet.folder.redis_url(),
            "SECRET_KEY": fleet.folder.secret("django"),
            "SMARTSYNC_LOCAL": str(fleet.home / "local"),
            "DJANGO_SETTINGS_MODULE": "smartsync_site.settings",
            "DEVELOPMENT": "1",
            "DATABASE_ROLE": "",
            "LOG_LEVEL": "ERROR",
            "CAMPAIGN_TOKENS": str(fleet.tokens),
            **surroundings,
        }
        django.setup()
        import_module("django.core.management").call_command("migrate", verbosity=0)
        figures = run(import_module(course), fleet)
        fleet.stop_members()
        sys.stdout.write(json.dumps(dataclasses.asdict(figures)) + "\n")
        code = 0 if figures.is_clean else 1
    finally:
        fleet.stop()
        if code == 0 and not keep:
            fleet.remove()
        else:
            sys.stderr.write(f"campaign | the logs are in {fleet.home}\n")
    return code
