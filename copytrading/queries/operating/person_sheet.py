"""
Everything an operator asks about one person, as parts of one sheet: a table each, its rows linked to what they are.

A part is of one table of the panel, so whoever may not look at that table is not shown the part. Nothing is counted
here anew: copies are in figures as their owner reads them, the wallet is the owner's own.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.db.models import Model, Q

from accounts.models import Device, OperatorRequest, ProgramKey, Transfer, User
from copytrading.engine.rules import Rules
from copytrading.models import (
    Admission,
    ConsentGiven,
    GateCase,
    JurisdictionChange,
    KnownDevice,
    Lead,
    LossLimit,
    Notice,
    SuitabilityAnswer,
)
from copytrading.queries.copies.own import CopySummary, copies_of, summaries_of
from copytrading.queries.desk import complaints
from copytrading.queries.happened.sentences import coins_in_words, sentence_of
from copytrading.queries.money.wallet import wallet_of
from copytrading.queries.operating.figures import in_money, percent
from copytrading.queries.rules import platform_rules

# So many rows of each part; its table has all of them.
ROWS_MAX = 12
COPIES_MAX = 50
SESSIONS_MAX = 5


@dataclass(frozen=True, kw_only=True)
class Cell:
    """A cell of a sheet; with a table and an id it leads to that row's page, `page` says to which of its pages."""

    text: str
    table: str = ""
    id: int | None = None
    page: str = "change"
    is_number: bool = False


@dataclass(frozen=True, kw_only=True)
class SheetPart:
    """One part of a sheet: `table` is whose rows it shows, `filters` narrow that table's own list to the person."""

    title: str
    table: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    nothing: str
    filters: Mapping[str, str] = field(default_factory=dict)
    is_wide: bool = False


@dataclass(frozen=True, kw_only=True)
class PersonSheet:
    """A person: facts as (name, words), and the parts."""

    user: User
    facts: tuple[tuple[str, str], ...]
    parts: tuple[SheetPart, ...]


def sheet_of(user: User, *, now: datetime) -> PersonSheet:
    """Return a person's sheet, in as many statements however much there is."""
    return PersonSheet(
        user=user,
        facts=_facts(user),
        parts=(
            _copies(user, now),
            _wallet(user),
            _transfers(user),
            _leads(user),
            _notices(user, platform_rules()),
            _gate_cases(user),
            _standing(user),
            _devices(user),
            _keys(user),
            _loss_limits(user),
            _requests(user),
            _complaints(user),
        ),
    )


def _facts(user: User) -> tuple[tuple[str, str], ...]:
    factors = Authenticator.objects.filter(user=user).exclude(type=Authenticator.Type.RECOVERY_CODES).order_by("pk")
    said = [
        f"{factor.get_type_display()}, used {_time(factor.last_used_at) if factor.last_used_at else 'never'}"
        for factor in factors
    ]
    browsers = list(KnownDevice.objects.filter(user=user).order_by("-seen_at").values_list("seen_at", flat=True))
    seen = f"{len(browsers)}, the last seen {_time(browsers[0])}" if browsers else "none"
    sessions = list(UserSession.objects.filter(user=user).order_by("-last_seen_at")[:SESSIONS_MAX])
    open_now = [f"from {row.ip}, last seen {_time(row.last_seen_at)}" for row in sessions]
    return (
        ("Joined", _time(user.date_joined)),
        ("Last sign-in", _time(user.last_login) if user.last_login else "never"),
        ("May sign in", "yes" if user.is_active else "no"),
        ("Second factors", "; ".join(said) or "none"),
        ("Browsers known", seen),
        ("Sessions in browsers", "; ".join(open_now) or "none"),
        ("Written to in", f"{user.language}, times of {user.time_zone}"),
        ("Jurisdiction", user.jurisdiction or "as installed"),
    )


def _copies(user: User, now: datetime) -> SheetPart:
    summaries = summaries_of(copies_of(user)[:COPIES_MAX], now=now)
    return SheetPart(
        title="Copies",
        table="copytrading.copy",
        columns=("Why", "Copy", "Lead", "Stands", "Worth", "Result", "of what was put in", "Today", "Started", "Ended"),
        rows=tuple(_copy(summary) for summary in summaries),
        nothing="This person has never copied anybody.",
        filters={"q": user.email},
        is_wide=True,
    )


def _copy(summary: CopySummary) -> tuple[Cell, ...]:
    copy = summary.copy
    return (
        Cell(text="Story", table="copytrading.copy", id=copy.pk, page="story"),
        _row(copy, f"Copy {copy.pk}"),
        _row(copy.lead, copy.lead.name),
        Cell(text=summary.state),
        _money(summary.worth_units),
        _money(summary.result_units, signed=True),
        Cell(text=percent(summary.result_fraction), is_number=True),
        _money(summary.today_units if copy.stopped_at is None else None, signed=True),
        Cell(text=_time(copy.started_at)),
        Cell(text=_time(copy.stopped_at) if copy.stopped_at else "—"),
    )


def _wallet(user: User) -> SheetPart:
    wallet = wallet_of(user)
    rows = [
        (
            Cell(text=line.symbol),
            Cell(text=coins_in_words(line.units, line.decimals), is_number=True),
            Cell(text=coins_in_words(line.held_units, line.decimals), is_number=True),
            _money(line.value_units),
        )
        for line in wallet.lines
    ]
    return SheetPart(
        title=f"Wallet, worth {in_money(wallet.worth_units)}",
        table="accounts.balance",
        columns=("Asset", "There", "of it promised", "Worth"),
        rows=tuple(rows),
        nothing="Nothing is in the wallet.",
        filters={"q": user.email},
    )


def _transfers(user: User) -> SheetPart:
    rows = Transfer.objects.filter(user=user).select_related("asset").order_by("-pk")[:ROWS_MAX]
    return SheetPart(
        title="Last transfers",
        table="accounts.transfer",
        columns=("Transfer", "Asked for", "Way", "Quantity", "Stands", "Note"),
        rows=tuple(
            (
                _row(row, f"Transfer {row.pk}"),
                Cell(text=_time(row.requested_at)),
                Cell(text=f"{row.get_direction_display()}, {row.get_channel_display()}"),
                Cell(text=f"{coins_in_words(row.units, row.asset.decimals)} {row.asset.symbol}", is_number=True),
                Cell(text=row.get_status_display()),
                Cell(text=row.note or "—"),
            )
            for row in rows
        ),
        nothing="No money was brought in or taken out.",
        filters={"q": user.email},
    )


def _leads(user: User) -> SheetPart:
    rows = Lead.objects.filter(user=user).order_by("-pk")[:ROWS_MAX]
    return SheetPart(
        title="Trades as a lead",
        table="copytrading.lead",
        columns=("Lead", "Stands", "Applied"),
        rows=tuple(
            (_row(row, row.name), Cell(text=row.get_status_display()), Cell(text=_time(row.applied_at))) for row in rows
        ),
        nothing="This person is no lead.",
        filters={"q": user.email},
    )


def _notices(user: User, rules: Rules) -> SheetPart:
    found = Notice.objects.filter(user=user).select_related("copy__lead", "lead_notice", "lead", "asset")
    return SheetPart(
        title="Told lately",
        table="copytrading.notice",
        columns=("Notice", "At", "Read", "Said"),
        rows=tuple(
            (
                _row(row, f"Notice {row.pk}"),
                Cell(text=_time(row.noted_at)),
                Cell(text=_time(row.read_at) if row.read_at else "not yet"),
                Cell(text=sentence_of(row, rules=rules).headline),
            )
            for row in found.order_by("-pk")[:ROWS_MAX]
        ),
        nothing="This person was told nothing yet.",
        filters={"q": user.email},
        is_wide=True,
    )


def _gate_cases(user: User) -> SheetPart:
    rows = GateCase.objects.filter(Q(user=user) | Q(user=None, email=user.email)).order_by("-pk")[:ROWS_MAX]
    return SheetPart(
        title="Cases of the checks",
        table="copytrading.gatecase",
        columns=("Case", "About", "Stands", "Opened", "Decided"),
        rows=tuple(
            (
                _row(row, f"Case {row.pk}"),
                Cell(text=row.get_act_display()),
                Cell(text=row.get_status_display()),
                Cell(text=_time(row.opened_at)),
                Cell(text=_time(row.decided_at) if row.decided_at else "—"),
            )
            for row in rows
        ),
        nothing="Nothing of this person waits, or ever waited, for an operator.",
        filters={"q": user.email},
    )


def _standing(user: User) -> SheetPart:
    """Return what a person accepted, answered and was let in by, the latest first."""
    rows: list[tuple[datetime, Model, str]] = []
    for consent in ConsentGiven.objects.filter(user=user).order_by("-pk")[:ROWS_MAX]:
        rows.append((consent.given_at, consent, f"accepted {consent.text}, version {consent.version}"))
    for answer in SuitabilityAnswer.objects.filter(user=user).order_by("-pk")[:ROWS_MAX]:
        limit = "" if answer.invested_max_units is None else f", at most {in_money(answer.invested_max_units)} in all"
        said = f"answered {answer.pack} {answer.version}: {answer.points} points, risk up to {answer.risk_max}{limit}"
        rows.append((answer.answered_at, answer, said))
    for change in JurisdictionChange.objects.filter(user=user).order_by("-pk")[:ROWS_MAX]:
        rows.append((change.changed_at, change, f"came under {change.after}"))
    for one in Admission.objects.filter(user=user).select_related("lead").order_by("-pk")[:ROWS_MAX]:
        dropped = ", which came to nothing" if one.dropped_at else ""
        rows.append((one.let_in_at, one, f"was let in with {in_money(one.units)} behind {one.lead.name}{dropped}"))
    rows.sort(key=lambda row: row[0], reverse=True)
    return SheetPart(
        title="Consents, suitability and admissions",
        table="copytrading.consentgiven",
        columns=("At", "What"),
        rows=tuple((Cell(text=_time(at)), _row(row, said)) for at, row, said in rows[:ROWS_MAX]),
        nothing="Nothing was asked of this person, and nothing answered.",
        filters={"q": user.email},
    )


def _devices(user: User) -> SheetPart:
    rows = Device.objects.filter(user=user).order_by("-pk")[:ROWS_MAX]
    return SheetPart(
        title="Devices",
        table="accounts.device",
        columns=("Device", "Signed in", "Last used", "From", "Stands"),
        rows=tuple(
            (
                _row(row, row.name),
                Cell(text=_time(row.signed_in_at)),
                Cell(text=_time(row.last_used_at)),
                Cell(text=row.address or "—"),
                Cell(text=_revoked(row)),
            )
            for row in rows
        ),
        nothing="Nothing but browsers ever signed in.",
        filters={"q": user.email},
    )


def _revoked(device: Device) -> str:
    if device.revoked_at is None:
        return "signed in"
    return f"revoked {_time(device.revoked_at)}: {device.get_revoked_for_display()}"


def _keys(user: User) -> SheetPart:
    rows = ProgramKey.objects.filter(user=user).order_by("-pk")[:ROWS_MAX]
    return SheetPart(
        title="Keys for programs",
        table="accounts.programkey",
        columns=("Key", "May", "Made", "Last used", "Stands"),
        rows=tuple(
            (
                _row(row, f"{row.name} ({row.hint}…)"),
                Cell(text=", ".join(row.scopes)),
                Cell(text=_time(row.made_at)),
                Cell(text=_time(row.last_used_at) if row.last_used_at else "never"),
                Cell(text=f"revoked {_time(row.revoked_at)}" if row.revoked_at else "good"),
            )
            for row in rows
        ),
        nothing="This person has made no key.",
        filters={"q": user.email},
    )


def _loss_limits(user: User) -> SheetPart:
    rows = LossLimit.objects.filter(user=user).order_by("-pk")[:ROWS_MAX]
    return SheetPart(
        title="Loss limit over all copies",
        table="copytrading.losslimit",
        columns=("Limit", "Set", "Fired"),
        rows=tuple(
            (
                _row(
                    row,
                    f"{percent(row.loss_fraction)} of what is invested"
                    if row.loss_fraction is not None
                    else in_money(row.loss_units or 0),
                ),
                Cell(text=_time(row.set_at) if row.set_at else "—"),
                Cell(text=_time(row.fired_at) if row.fired_at else "—"),
            )
            for row in rows
        ),
        nothing="This person has set none.",
        filters={"q": user.email},
    )


def _requests(user: User) -> SheetPart:
    rows = OperatorRequest.objects.filter(person=user).select_related("requested_by", "approved_by").order_by("-pk")
    return SheetPart(
        title="What operators asked to change",
        table="accounts.operatorrequest",
        columns=("Request", "Asked by", "At", "Stands", "Why"),
        rows=tuple(
            (
                _row(row, row.get_kind_display()),
                Cell(text=str(row.requested_by)),
                Cell(text=_time(row.requested_at)),
                Cell(text=_decided(row)),
                Cell(text=row.reason),
            )
            for row in rows[:ROWS_MAX]
        ),
        nothing="Nobody asked to change this person’s rights or sign-in.",
        filters={"q": user.email},
    )


def _complaints(user: User) -> SheetPart:
    rows = complaints.complaints_of(user)[:ROWS_MAX]
    return SheetPart(
        title="Complaints",
        table="copytrading.complaint",
        columns=("Complaint", "Received", "Answer by", "Stands"),
        rows=tuple(
            (
                _row(row, f"No. {row.pk}, {row.subject}"),
                Cell(text=_time(row.received_at)),
                Cell(text=_time(row.answer_by)),
                Cell(text=row.get_status_display()),
            )
            for row in rows
        ),
        nothing="Nothing was complained of.",
        filters={"q": user.email},
    )


def _decided(request: OperatorRequest) -> str:
    if request.approved_at is not None:
        return f"approved by {request.approved_by}"
    return "withdrawn" if request.withdrawn_at is not None else "waits for a second operator"


def _row(row: Model, text: str) -> Cell:
    return Cell(text=text, table=row._meta.label_lower, id=row.pk)


def _money(units: int | None, *, signed: bool = False) -> Cell:
    return Cell(text="—" if units is None else in_money(units, signed=signed), is_number=True)


def _time(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M}"


def tables_of(parts: Iterable[SheetPart]) -> set[str]:
    """Return every table that some parts lead to."""
    return {part.table for part in parts} | {
        cell.table for part in parts for row in part.rows for cell in row if cell.table
    }
