"""
The locks on a lead and on a copy, and the order in which every writer takes locks:

    1. the key of a request    services.keys, where somebody repeats one
    2. the lead                lock_lead
    3. a copy, or copies       lock_copy; several in the order of their ids
    4. an order, a cycle       the row itself
    5. balances                the database, in the order of their accounts and assets
    6. alarms                  last, since everybody may have to raise one

Taking a lead's lock notes it as the guard of the lead's and its copies' balances (accounts.transactions): the ledger
moves them for nobody else. Balances are not locked here: the database does, in that order, as it moves them.

Who needs one of them takes those above it first, as far as they are needed at all, so two writers never wait for each
other in a ring. A lock is held until the transaction ends.
"""

from collections.abc import Sequence

from accounts.transactions import GUARDS_HELD, in_transaction
from copytrading.models import Copy, Lead

# The lock, the version of the book and the note of the guard in one statement: where it fails, nothing of it is left.
LOCK_LEADS = f"""
    WITH taken AS (SELECT id FROM copytrading_lead WHERE {{which}} ORDER BY id FOR UPDATE)
    UPDATE copytrading_lead AS lead SET book_version = lead.book_version + 1 FROM taken WHERE lead.id = taken.id
    RETURNING lead.*,
        set_config('{GUARDS_HELD}', concat(current_setting('{GUARDS_HELD}', true), ' ', lead.id), true) AS guards_held
"""


@in_transaction
def lock_lead(lead_id: int) -> Lead:
    """
    Return a lead, locked: no cycle decides, and nobody changes a copy of it, meanwhile.

    :raises Lead.DoesNotExist: if there is none.
    """
    for lead in Lead.objects.raw(LOCK_LEADS.format(which="id = %s"), [lead_id]):
        return lead
    raise Lead.DoesNotExist(f"There is no lead {lead_id}.")


@in_transaction
def lock_idle_leads(lead_ids: Sequence[int]) -> list[Lead]:
    """
    Lock those of some leads that nobody else has locked, in the order of their ids; the others are left out.

    For those who only look: no balance may be moved under it, and the book's version stays.
    """
    wanted = Lead.objects.filter(pk__in=lead_ids).select_related("user").order_by("pk")
    return list(wanted.select_for_update(of=("self",), skip_locked=True))


@in_transaction
def lock_all_leads() -> list[Lead]:
    """Lock every lead, in the order of their ids: for what concerns whoever holds a coin."""
    return sorted(Lead.objects.raw(LOCK_LEADS.format(which="true")), key=lambda lead: lead.pk)


@in_transaction
def lock_copy(copy_id: int) -> Copy:
    """
    Return a copy with its lead and its follower, the lead locked and then the copy.

    :raises Copy.DoesNotExist: if there is none.
    """
    # Whose copy it is never changes, so it may be read before the lock.
    lead = lock_lead(Copy.objects.values_list("lead_id", flat=True).get(pk=copy_id))
    copy = Copy.objects.select_for_update(of=("self",)).select_related("follower").get(pk=copy_id)
    copy.lead = lead
    return copy
