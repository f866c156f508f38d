"""Statements: what a copy or everything was, moved, brought and cost in any time, to look at and to keep."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import get_language, gettext
from django.views.decorators.http import require_safe

from accounts.csv_lines import download, harmless
from copytrading.engine.track_record.tax_lots import LotMethod
from copytrading.forms.statements import OWN, THIS_YEAR, StatementForm
from copytrading.queries.copies.own import copies_of
from copytrading.queries.money import statement_books
from copytrading.queries.money.statement_lines import OtherMove, ShareMove, Statement, StatementFlow
from copytrading.queries.money.statements import statement_of
from copytrading.services.wallet import statement_files
from copytrading.services.wallet.statement_files import State, StatementQuestion
from copytrading.services.wallet.statement_plain import as_plain
from copytrading.templatetags.figures import day
from copytrading.views.requests import MemberRequest, row_number

# The page shows so many rows of a table; the files have all of them.
ROWS_SHOWN = 100
CSV_HEAD = (
    "part", "time", "place", "what", "asset", "quantity", "price", "mid", "value", "fee", "fee_asset", "spread",
    "cost", "gain", "acquired", "order", "cycle",
)  # fmt: skip


@login_required
@require_safe
def statements(request: MemberRequest) -> HttpResponse:
    """Show the statement that the address asks for, of everything in this year where it asks for none."""
    now = timezone.now()
    form = _form(request, now)
    question = _question(request, form)
    # Whoever waits for a PDF asks for that part alone, every few seconds.
    statement = _statement(request, question) if question and not request.htmx else None
    context = {
        "section": "wallet",
        "form": form,
        "statement": statement,
        **(_shown(statement) if statement else {}),
        "file_query": _file_query(question),
        "pdf_state": statement_files.state_of(question) if question else State.NOT_ASKED,
    }
    template = "copytrading/statements.html" + ("#pdf" if request.htmx else "")
    return render(request, template, context)


@login_required
@require_safe
def statement_pdf(request: MemberRequest) -> HttpResponse:
    """Download a statement as a PDF: at once, or once a worker has drawn it."""
    question = _asked(request)
    drawn = statement_files.ready_file(question)
    if drawn is None and statement_files.is_long(question):
        statement_files.ask_for(question)
        return redirect(f"{reverse('statements')}?{_file_query(question)}")
    if drawn is None:
        drawn = statement_files.draw(question, now=timezone.now())
    return HttpResponse(drawn, content_type="application/pdf", headers=_as_file(question, "pdf"))


@login_required
@require_safe
def statement_json(request: MemberRequest) -> HttpResponse:
    """Download a statement as the API answers it."""
    question = _asked(request)
    plain = _plain(request, question)
    return JsonResponse(plain, headers=_as_file(question, "json"), json_dumps_params={"indent": 1})


@login_required
@require_safe
def statement_csv(request: MemberRequest) -> HttpResponseBase:
    """Download a statement as one table, its parts below each other."""
    question = _asked(request)
    plain = _plain(request, question)
    return download(_file_name(question, "csv"), CSV_HEAD, _csv_rows(plain))


def _form(request: MemberRequest, now: datetime) -> StatementForm:
    """Return the form as the address fills it; what the address leaves open is everything, this year, by FIFO."""
    asked = {"copy": "", "period": THIS_YEAR, "lots": LotMethod.FIFO.value, **request.GET.dict()}
    own = [
        (copy.pk, gettext("%(name)s, since %(day)s") % {"name": copy.lead.name, "day": day(copy.started_at)})
        for copy in copies_of(request.user)
    ]
    # To the second, so that the files are of the very time that the page shows.
    return StatementForm(
        asked,
        copies=own,
        first_moment=lambda copy: statement_books.first_moment_of(user=request.user, copy_id=row_number(copy)),
        now=now.replace(microsecond=0),
    )


def _question(request: MemberRequest, form: StatementForm) -> StatementQuestion | None:
    """
    Return what the form asks for, None where it says what is wrong.

    :raises Http404: for a copy of somebody else, as for one that is none.
    """
    is_valid = form.is_valid()
    if "copy" in form.errors:
        raise Http404
    if not is_valid:
        return None
    return StatementQuestion(
        user_id=request.user.pk,
        copy_id=row_number(form.cleaned_data["copy"]),
        begins_at=form.cleaned_data["begins_at"],
        ends_at=form.cleaned_data["ends_at"],
        method=LotMethod(form.cleaned_data["lots"]),
        language=get_language() or settings.LANGUAGE_CODE,
    )


def _asked(request: MemberRequest) -> StatementQuestion:
    """
    Return the question of a file's address.

    :raises Http404: where it asks for nothing: the page is where one is told why.
    """
    question = _question(request, _form(request, timezone.now()))
    if question is None:
        raise Http404
    return question


def _statement(request: MemberRequest, question: StatementQuestion) -> Statement:
    return statement_of(
        user=request.user,
        copy=copies_of(request.user).get(pk=question.copy_id) if question.copy_id else None,
        begins_at=question.begins_at,
        ends_at=question.ends_at,
        method=question.method,
    )


def _plain(request: MemberRequest, question: StatementQuestion) -> dict[str, Any]:
    """Return a statement as files have it: programs read them, so they are in no language but English."""
    with translation.override(settings.LANGUAGE_CODE):
        return as_plain(_statement(request, question))


def _shown(statement: Statement) -> dict[str, Any]:
    """Return as much of the tables as a page shows: the first lots, and the last of what moved."""
    moves: list[StatementFlow | ShareMove | OtherMove] = [*statement.flows, *statement.shares, *statement.others]
    moves.sort(key=lambda move: move.at)
    return {
        "rows_shown": ROWS_SHOWN,
        "stands": ((gettext("at the beginning"), statement.opening), (gettext("at the end"), statement.closing)),
        "lots_shown": [(lot, statement.decimals_of[lot.coin]) for lot in statement.lots[:ROWS_SHOWN]],
        "moves_shown": moves[-ROWS_SHOWN:],
        "trades_shown": statement.trades[: -ROWS_SHOWN - 1 : -1],
        "disposals_shown": [(one, statement.decimals_of[one.coin]) for one in statement.disposals[-ROWS_SHOWN:]],
    }


def _file_query(question: StatementQuestion | None) -> str:
    """Return what the address of a file has behind the question mark: the very time that the page shows."""
    if question is None:
        return ""
    return urlencode(
        {
            "copy": question.copy_id or "",
            "period": OWN,
            "begins": f"{question.begins_at:%Y-%m-%dT%H:%M:%S}",
            "ends": f"{question.ends_at:%Y-%m-%dT%H:%M:%S}",
            "lots": question.method.value,
        }
    )


def _file_name(question: StatementQuestion, ending: str) -> str:
    of = f"copy-{question.copy_id}" if question.copy_id else "everything"
    return f"statement-{of}-{question.begins_at:%Y-%m-%d}-{question.ends_at:%Y-%m-%d}.{ending}"


def _as_file(question: StatementQuestion, ending: str) -> dict[str, str]:
    return {"Content-Disposition": f'attachment; filename="{_file_name(question, ending)}"'}


def _csv_rows(plain: dict[str, Any]) -> Iterator[tuple[str, ...]]:
    for part, stand in (("opening", plain["opening"]), ("closing", plain["closing"])):
        at = plain["from" if part == "opening" else "until"]
        yield _row(part, time=at, what="all of it", value=stand["value"])
        for one in stand["holdings"]:
            yield _row(part, time=at, asset=one["coin"], quantity=one["quantity"], price=one["price"],
                       value=one["value"])  # fmt: skip
    yield _row("flows", what="all of them", value=plain["flows_total"])
    yield _row("result", what="all of it", value=plain["result"])
    for one in plain["results"]:
        yield _row("result", what=one["part"], asset=one["coin"], value=one["value"])
    for name in ("fees", "spread", "profit_share", "total", "turnover"):
        yield _row("costs", what=name, value=plain["costs"][name])
    for one in plain["flows"]:
        yield _row("flow", time=one["at"], place=one["place"], what=one["kind"], asset=one["coin"],
                   quantity=one["quantity"], value=one["value"])  # fmt: skip
    for one in plain["trades"]:
        yield from _trade_rows(one)
    for one in plain["profit_shares"]:
        yield _row("profit share", time=one["at"], place=one["place"], asset=plain["cash"], value=one["value"])
    for one in plain["other_moves"]:
        yield _row("other move", time=one["at"], place=one["place"], what=one["kind"], asset=one["coin"],
                   quantity=one["quantity"], value=one["value"])  # fmt: skip
    for one in plain["disposals"]:
        yield _row("disposal", time=one["disposed_at"], acquired=one["acquired_at"], asset=one["coin"],
                   what="handed over" if one["gain"] is None else "sold", quantity=one["quantity"],
                   value=one["proceeds"], cost=one["cost"], gain=one["gain"])  # fmt: skip
    for one in plain["lots_left"]:
        yield _row("lot", acquired=one["acquired_at"], asset=one["coin"], quantity=one["quantity"], cost=one["cost"])
    for one in plain["years"]:
        yield _row("year", what=str(one["year"]), value=one["proceeds"], cost=one["cost"], gain=one["gain"])


def _trade_rows(one: dict[str, Any]) -> Iterator[tuple[str, ...]]:
    """Yield a trade, with a second row where its fee was in two assets."""
    fees = one["fees"] or [{"coin": "", "quantity": ""}]
    yield _row("trade", time=one["at"], place=one["place"], what=one["side"], asset=one["coin"],
               quantity=one["quantity"], price=one["price"], mid=one["mid"], value=one["value"],
               fee=fees[0]["quantity"], fee_asset=fees[0]["coin"], spread=one["spread"],
               order=one["order_id"], cycle=one["cycle_id"])  # fmt: skip
    for fee in fees[1:]:
        yield _row("trade", time=one["at"], place=one["place"], what="FEE", asset=one["coin"],
                   fee=fee["quantity"], fee_asset=fee["coin"], order=one["order_id"],
                   cycle=one["cycle_id"])  # fmt: skip


def _row(part: str, **cells: Any) -> tuple[str, ...]:
    """Return one line of the table; what people wrote, or a venue named, is made harmless."""
    for name in ("place", "what", "asset", "fee_asset"):
        cells[name] = harmless(cells.get(name) or "")
    return (part, *("" if cells.get(name) is None else str(cells[name]) for name in CSV_HEAD[1:]))
