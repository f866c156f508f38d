"""
The flow chart: which service each ring of the bell calls. The timetable is in `smartsync_site/celery.py`.

A task reads the clock, makes one call, and nothing else. `**_` lets an old worker meet a new caller.
"""

from pathlib import Path
from typing import Any

from celery import shared_task
from django.conf import settings
from django.utils import timezone

from accounts import audit
from copytrading.services.admission import cases, losses
from copytrading.services.books import gaps, profit_shares, records, stops
from copytrading.services.copies import loss_limits
from copytrading.services.cycle import conducting, holding_back
from copytrading.services.desk import announcements
from copytrading.services.desk import clock as complaints
from copytrading.services.leads import linking, showing
from copytrading.services.market import listings, verdicts
from copytrading.services.orders import resolving
from copytrading.services.own import accounts as own_accounts
from copytrading.services.own import rounds
from copytrading.services.personal import archives, erasures, retention
from copytrading.services.reference import copies as reference_copies
from copytrading.services.running import heartbeats
from copytrading.services.safety import contradictions, reconciling
from copytrading.services.telling import watching
from copytrading.services.wallet import announced, statement_files, touching, transfers


@shared_task
def answer_ring(**_: Any) -> None:
    """Say that beat, Valkey and a worker reach each other."""
    heartbeats.beat(kind=heartbeats.Kind.RINGS, now=timezone.now())


@shared_task
def sync_leads(**_: Any) -> None:
    """Look at every lead that is due."""
    conducting.sync_due_leads(now=timezone.now())


@shared_task
def sync_lead(lead_id: int, **_: Any) -> None:
    """Look at one lead, because something just changed there."""
    conducting.sync_one_lead(lead_id=lead_id, clock=timezone.now)


@shared_task
def sync_own_accounts(**_: Any) -> None:
    """Look at every lead behind whom a copy on its follower's own account has its turn."""
    rounds.sync_due_leads(now=timezone.now())


@shared_task
def sync_own(lead_id: int, **_: Any) -> None:
    """Bring the copies on own accounts behind one lead as far as they go."""
    rounds.sync_one_lead(lead_id=lead_id, clock=timezone.now)


@shared_task
def look_at_own_accounts(**_: Any) -> None:
    """Ask what people's own accounts at the exchange hold, and whether their keys still open them."""
    own_accounts.look_at_accounts(now=timezone.now())


@shared_task
def check_stop_losses(**_: Any) -> None:
    """The safety net under the feed, which looks at every price by its book."""
    stops.check_stop_losses(now=timezone.now())


@shared_task
def check_loss_limits(**_: Any) -> None:
    """Look at what people have lost over all their copies together."""
    loss_limits.check_loss_limits(now=timezone.now())


@shared_task
def explain_waiting(**_: Any) -> None:
    """Tell the copies whose wishes are held back before a cycle comes of them."""
    holding_back.explain_waiting(now=timezone.now())


@shared_task
def watch_listings(**_: Any) -> None:
    """Take the venue's rules, and notice which markets it suspends or no longer lists."""
    listings.watch_listings(now=timezone.now())


@shared_task
def finish_verdicts(**_: Any) -> None:
    """Carry out what two operators said of a coin, where their request died on the way."""
    verdicts.finish_verdicts(now=timezone.now())


@shared_task
def work_off_orders(**_: Any) -> None:
    """Finish orders of no cycle whose request died on the way; the safety net under the bell of limit orders."""
    touching.work_off_orders(now=timezone.now())


@shared_task
def look_at_limit_orders(**_: Any) -> None:
    """Look at the limit orders of people's own wallets, because a price was just reached."""
    touching.look_at_limit_orders(now=timezone.now())


@shared_task
def compare_trades(**_: Any) -> None:
    """Look for trades at the venue that we were never told of."""
    resolving.reconcile_orders(now=timezone.now())


@shared_task
def finish_transfers(**_: Any) -> None:
    """Finish deposits and withdrawals whose request died on the way."""
    transfers.finish_transfers(now=timezone.now())


@shared_task
def look_at_transfers(**_: Any) -> None:
    """Ask the exchange what came to our account and left it."""
    announced.look_at_history(now=timezone.now())


@shared_task
def reconcile(**_: Any) -> None:
    """Compare what people own with what the venue keeps for them."""
    reconciling.reconcile_if_due(now=timezone.now())


@shared_task
def look_at_links(**_: Any) -> None:
    """Look at every linked account that is due."""
    linking.look_at_links(now=timezone.now())


@shared_task
def look_at_link(link_id: int, **_: Any) -> None:
    """Look at one lead's account elsewhere."""
    linking.look_at_link(link_id=link_id, now=timezone.now())


@shared_task
def settle_profit_shares(**_: Any) -> None:
    """Settle the week that ended on Monday, for every copy that is not settled yet."""
    profit_shares.settle_profit_shares(now=timezone.now())


@shared_task
def record_values(**_: Any) -> None:
    """Write a point of every curve."""
    now = timezone.now()
    records.record_values(now=now, slot=now.replace(second=0, microsecond=0))


@shared_task
def keep_reference_copies(**_: Any) -> None:
    """Start the platform's own copies of leads that have none."""
    reference_copies.keep_reference_copies(now=timezone.now())


@shared_task
def keep_weights(**_: Any) -> None:
    """Keep what leads hold, once an hour, for those who are shown it later."""
    showing.keep_weights(now=timezone.now())


@shared_task
def count_summaries(**_: Any) -> None:
    """Count what the list of leads shows."""
    records.count_summaries(now=timezone.now())


@shared_task
def thin_records(**_: Any) -> None:
    """Keep one hour's worth of what is older than two days."""
    records.thin_records(now=timezone.now())


@shared_task
def tell_contradictions(**_: Any) -> None:
    """Tell of leads whose trades cannot have been."""
    contradictions.tell_contradictions(now=timezone.now())


@shared_task
def drop_weights(**_: Any) -> None:
    """Drop what leads held so long ago that nobody is shown it any more."""
    showing.drop_weights(now=timezone.now())


@shared_task
def measure_gaps(**_: Any) -> None:
    """Look at the tracking gaps of all copies."""
    gaps.measure_all(now=timezone.now())


@shared_task
def export_audit_head(**_: Any) -> None:
    """Write today's head of the audit, signed, to where it is carried away from."""
    audit.export_head(folder=Path(settings.AUDIT_FOLDER), now=timezone.now())


@shared_task
def draw_statement(number: int, **_: Any) -> None:
    """Draw a statement that somebody waits for."""
    statement_files.make(number=number, now=timezone.now())


@shared_task
def pack_archive(archive_id: int, **_: Any) -> None:
    """Pack the archive of their own data that somebody waits for."""
    archives.make_archive(archive_id=archive_id, now=timezone.now())


@shared_task
def pack_archives(**_: Any) -> None:
    """Pack archives whose ring was lost, or whose worker died."""
    archives.make_waiting_archives(now=timezone.now())


@shared_task
def erase_people(**_: Any) -> None:
    """Erase whoever wanted that and whose time to take it back is over."""
    erasures.erase_due(now=timezone.now())


@shared_task
def forget_what_is_old(**_: Any) -> None:
    """Forget what is kept of people for longer than the installation says, sessions that ran out among it."""
    retention.forget_what_is_old(now=timezone.now())


@shared_task
def watch_for_notices(**_: Any) -> None:
    """Look for what nobody did but people should know: falls, stop losses that are near, results of a week."""
    watching.watch(now=timezone.now())


@shared_task
def count_losses(**_: Any) -> None:
    """Count once a day how many copies lost money, where a warning says so."""
    losses.count_losses_if_due(now=timezone.now())


@shared_task
def finish_cases(**_: Any) -> None:
    """Carry out what operators decided on deposits, where their request died on the way."""
    cases.finish_cases(now=timezone.now())


@shared_task
def watch_complaints(**_: Any) -> None:
    """Raise an alarm for complaints whose time has run out, and close what was answered long ago."""
    complaints.watch(now=timezone.now())


@shared_task
def tell_announcements(**_: Any) -> None:
    """Tell the announcements that hold by now as notices, where that is wanted."""
    announcements.tell_due(now=timezone.now())
