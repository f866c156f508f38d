"""Every code that the API says no with, and what it means: of the doors, and of each kind of refusal."""

import pkgutil
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from typing import Any

from rest_framework.exceptions import APIException

import accounts.api
import copytrading.services
from copytrading.services.refusals import Refusal

# What no exception of ours stands behind.
OF_THE_FRAMEWORK = {
    "invalid": "Something in the request is not valid; `fields` says what, field by field.",
    "parse_error": "The body is no JSON that can be read: no object, too deep, or with numbers that are none.",
    "malformed_request": "The request cannot be read: an address or a body that is no text, or no request at all.",
    "body_too_slow": "The body took too long to arrive. Send it again.",
    "not_authenticated": "There was no token. Send `Authorization: Bearer TOKEN`.",
    "permission_denied": "You may not do this.",
    "not_found": "There is nothing here, or nothing of yours; the two look alike.",
    "method_not_allowed": "This address does not take this method; `Allow` says which it takes.",
    "unsupported_media_type": "The body is not JSON. Send `Content-Type: application/json`.",
    "throttled": "Too many requests, or too many sign-ins that failed. `Retry-After` says how many seconds to wait.",
    "in_progress": "The first request with this Idempotency-Key is at work. Ask again in a moment.",
    "unavailable": "A part of the platform cannot be reached for a moment. Send the same again, with the same key.",
    "server_error": "That went wrong on our side, and nobody had thought of it.",
    "refused": "It cannot be done as things stand; `title` says why, and what to do.",
}
NOT_SHOWN = {"error"}
# Refusals whose class says nothing of itself.
TOLD_HERE = {
    "alarm_cleared": "The alarm is cleared already.",
    "alarm_not_open": "The alarm is cleared already, so there is nothing to silence.",
    "alarm_stands": "What raised the alarm is still there; mend that first.",
    "correction_closed": "The correction is decided already.",
    "correction_refused": "The correction would not do what it is for.",
    "custody_still_differs": "Ledger and custody still differ, so the halt stays.",
    "custody_not_compared": "Ledger and custody were not compared yet; wait for the next look.",
    "halt_lifted": "The halt is lifted already.",
    "halt_reason_missing": "A halt needs a reason that others can read.",
    "halt_target_unknown": "There is nothing of that kind to halt.",
    "history_incomplete": "Prices are missing for a part of these days, so nothing can be said of them.",
    "history_too_short": "The record is too short to look back on; choose another lead or wait.",
    "lead_not_set_aside": "The lead was not set aside, so there is nothing to take back.",
    "not_clean_since_restore": "The database was restored, and ledger and venue have not agreed since.",
    "notice_not_possible": "There is nothing to say, too much of it, or nobody to say it to.",
    "order_too_small": "The order is below what the venue takes in this market.",
    "own_transfer": "Whoever confirmed a transfer cannot book it.",
    "own_correction": "Whoever asked for a correction cannot approve it.",
    "own_lead": "Nobody copies the lead that they are.",
    "own_stake_too_small": "The lead has too little own money in to trade or to be followed.",
    "prices_not_reached": "The source of prices does not answer.",
    "recording_unusable": "The recording cannot be read, or says nothing that could be replayed.",
    "start_outside_record": "The day lies outside of the record.",
    "transfer_over": "The transfer is done, or over otherwise.",
    "transfer_refused": "Nothing was asked for, or the money here is real, and operators book it.",
    "venue_not_usable": "The exchange cannot be used as it is set up.",
}


@cache
def problem_codes() -> dict[str, str]:
    """Return the codes with what each means."""
    for package in (copytrading.services, accounts.api):
        for module in pkgutil.walk_packages(package.__path__, prefix=f"{package.__name__}."):
            import_module(module.name)
    found = {error.default_code: _meaning(error) for error in _kinds(APIException) if _is_ours(error)}
    found |= {kind.code: _meaning(kind) for kind in reversed(list(_kinds(Refusal)))}
    told = found | OF_THE_FRAMEWORK
    return {code: meaning or TOLD_HERE.get(code, "") for code, meaning in told.items() if code not in NOT_SHOWN}


def _kinds(parent: Any) -> Iterator[Any]:
    waiting = [parent]
    while waiting:
        kind = waiting.pop(0)
        yield kind
        waiting += kind.__subclasses__()


def _is_ours(error: type) -> bool:
    return error.__module__.startswith(("accounts.", "copytrading."))


def _meaning(kind: type) -> str:
    return " ".join((kind.__doc__ or "").split())
