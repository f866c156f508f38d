"""
The bell. PostgreSQL is the queue; a task only says "look now", so a lost message costs seconds and never money.

The timetable stands here in full view. Every entry names a task of `copytrading.tasks` and how often it rings.
"""

import os
from importlib import import_module
from typing import Any

from celery import Celery
from celery.schedules import crontab
from celery.signals import worker_ready, worker_shutdown
from django.conf import settings
from django_structlog.celery.steps import DjangoStructLogInitStep

from smartsync_site import endings

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "smartsync_site.settings")

TIMETABLE: dict[str, dict[str, Any]] = {
    "ring once": {"task": "copytrading.tasks.answer_ring", "schedule": 5, "options": {"expires": 5}},
    "sync the leads": {"task": "copytrading.tasks.sync_leads", "schedule": 2, "options": {"expires": 2}},
    "sync own accounts": {"task": "copytrading.tasks.sync_own_accounts", "schedule": 2, "options": {"expires": 2}},
    "look at own accounts": {
        "task": "copytrading.tasks.look_at_own_accounts",
        "schedule": 10,
        "options": {"expires": 10},
    },
    # The feed looks at every price, by a book in memory; this reads all rows, and knows nothing of that book.
    "check the stop losses": {
        "task": "copytrading.tasks.check_stop_losses",
        "schedule": 30,
        "options": {"expires": 30},
    },
    "check the loss limits": {
        "task": "copytrading.tasks.check_loss_limits",
        "schedule": 5,
        "options": {"expires": 5},
    },
    "explain what waits": {"task": "copytrading.tasks.explain_waiting", "schedule": 15, "options": {"expires": 15}},
    "watch the listings": {"task": "copytrading.tasks.watch_listings", "schedule": 120, "options": {"expires": 120}},
    "finish verdicts on coins": {
        "task": "copytrading.tasks.finish_verdicts",
        "schedule": 10,
        "options": {"expires": 10},
    },
    "finish manual orders": {"task": "copytrading.tasks.work_off_orders", "schedule": 5, "options": {"expires": 5}},
    "compare trades": {"task": "copytrading.tasks.compare_trades", "schedule": 30, "options": {"expires": 30}},
    "look at linked accounts": {"task": "copytrading.tasks.look_at_links", "schedule": 5, "options": {"expires": 5}},
    "finish transfers": {"task": "copytrading.tasks.finish_transfers", "schedule": 10, "options": {"expires": 10}},
    "look for announced transfers": {
        "task": "copytrading.tasks.look_at_transfers",
        "schedule": 15,
        "options": {"expires": 15},
    },
    # A look a minute; the rings in between are for what differed or was on its way.
    "reconcile": {"task": "copytrading.tasks.reconcile", "schedule": 15, "options": {"expires": 15}},
    "settle profit shares": {
        "task": "copytrading.tasks.settle_profit_shares",
        "schedule": 30,
        "options": {"expires": 30},
    },
    "measure tracking gaps": {"task": "copytrading.tasks.measure_gaps", "schedule": 60, "options": {"expires": 60}},
    "record values": {"task": "copytrading.tasks.record_values", "schedule": 60, "options": {"expires": 60}},
    "keep reference copies": {
        "task": "copytrading.tasks.keep_reference_copies",
        "schedule": 60,
        "options": {"expires": 60},
    },
    "keep weights": {"task": "copytrading.tasks.keep_weights", "schedule": 60, "options": {"expires": 60}},
    "count summaries": {"task": "copytrading.tasks.count_summaries", "schedule": 60, "options": {"expires": 60}},
    # What leaves the house is sent by a process of its own: `manage.py tell`, and `call` for webhooks.
    "watch for notices": {
        "task": "copytrading.tasks.watch_for_notices",
        "schedule": 20,
        "options": {"expires": 20},
    },
    # Once a day, and soon after the start of an installation that has none yet.
    "count losses": {"task": "copytrading.tasks.count_losses", "schedule": 600, "options": {"expires": 600}},
    "finish cases": {"task": "copytrading.tasks.finish_cases", "schedule": 60, "options": {"expires": 60}},
    "watch complaints": {
        "task": "copytrading.tasks.watch_complaints",
        "schedule": 60,
        "options": {"expires": 60},
    },
    "tell announcements": {
        "task": "copytrading.tasks.tell_announcements",
        "schedule": 60,
        "options": {"expires": 60},
    },
    "thin records": {"task": "copytrading.tasks.thin_records", "schedule": 900, "options": {"expires": 900}},
    "drop weights": {
        "task": "copytrading.tasks.drop_weights",
        "schedule": crontab(hour="3", minute="40"),
        "options": {"expires": 3600},
    },
    "tell contradictions": {
        "task": "copytrading.tasks.tell_contradictions",
        "schedule": crontab(hour="4", minute="10"),
        "options": {"expires": 3600},
    },
    "export the head of the audit": {
        "task": "copytrading.tasks.export_audit_head",
        "schedule": crontab(hour="0", minute="5"),
        "options": {"expires": 3600},
    },
    "pack archives": {"task": "copytrading.tasks.pack_archives", "schedule": 60, "options": {"expires": 60}},
    "erase people": {"task": "copytrading.tasks.erase_people", "schedule": 600, "options": {"expires": 600}},
    # All that goes by its age, in one walk; what it is called in the settings stands beside each table there.
    "forget what is old": {
        "task": "copytrading.tasks.forget_what_is_old",
        "schedule": crontab(hour="3", minute="20"),
        "options": {"expires": 3600},
    },
}

app = Celery("smartsync_site", amqp="smartsync_site.watching.broker:PromptBroker")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@app.on_configure.connect
def read_settings(**_: Any) -> None:
    """Worker and beat read the settings when they first need one; what does not fit ends them here."""
    with endings.one_sentence():
        settings.INSTALLED_APPS  # noqa: B018  (the first look reads them all)


@worker_ready.connect
def start_heart(**_: Any) -> None:
    """A worker's own process beats beside those that work."""
    import_module("smartsync_site.watching.hearts").start("WORKER")


@worker_shutdown.connect
def stop_heart(**_: Any) -> None:
    """A worker that ends in good order is not missed."""
    import_module("smartsync_site.watching.hearts").stop("WORKER")


app.steps["worker"].add(DjangoStructLogInitStep)
app.conf.beat_schedule = TIMETABLE
