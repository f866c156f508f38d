"""
The reports, as pages and files: the close of a day, how orders were executed, what exchanges pay back, which leads are
suspicious.

Each has a right of its own, which `smartsync_site.operators.roles` gives. A page and its files say the same; every look
is in the audit like any other.
"""

from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import wraps
from itertools import islice
from typing import Any, cast

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode

from accounts.csv_lines import as_file, download, harmless
from accounts.journals import ledger_export
from copytrading.forms.reports import CloseForm, ExecutionForm, RebateForm, SuspicionForm
from copytrading.queries.reports import conduct, daily_close, execution, rebates
from copytrading.queries.reports.execution import BEGINNING, Place
from copytrading.queries.reports.tables import Cell, LeadName, Table, json_lines, plain

CLOSE, EXECUTION, REBATES = "see_daily_close", "see_execution", "see_rebates"
SUSPICIONS = "see_suspicions"
# A page shows so many rows of a table; its files have all of them.
ROWS_SHOWN = 200
View = Callable[[HttpRequest], HttpResponseBase]


def with_right(right: str) -> Callable[[View], View]:
    """Let only who has a right of ours see what a view shows."""

    def guard(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest) -> HttpResponseBase:
            if not request.user.has_perm(f"copytrading.{right}"):
                raise PermissionDenied
            return view(request)

        return guarded

    return guard


@with_right(CLOSE)
def close_page(request: HttpRequest) -> HttpResponseBase:
    form = _form(request, CloseForm)
    tables = daily_close.daily_close(form.cleaned_data["day"]) if form.is_valid() else ()
    beancount = {"url": f"{reverse('admin:report-beancount')}?{_query(request, form)}", "label": "The day as beancount"}
    return _page(request, form, tables, title="Daily close", files="report-close", besides=(beancount,))


@with_right(CLOSE)
def close_csv(request: HttpRequest) -> HttpResponseBase:
    form = _form(request, CloseForm)
    if not form.is_valid():
        return _refused(form)
    day = form.cleaned_data["day"]
    return _as_csv(request, daily_close.daily_close(day), name=f"daily-close-{day}")


@with_right(CLOSE)
def close_json(request: HttpRequest) -> HttpResponseBase:
    form = _form(request, CloseForm)
    if not form.is_valid():
        return _refused(form)
    day = form.cleaned_data["day"]
    return _as_json(daily_close.daily_close(day), name=f"daily-close-{day}")


@with_right(CLOSE)
def beancount(request: HttpRequest) -> HttpResponseBase:
    """Return the ledger's journals of a day, after an opening transaction of all that was before, with assertions."""
    form = _form(request, CloseForm)
    if not form.is_valid():
        return _refused(form)
    day = form.cleaned_data["day"]
    lines = (f"{line}\n" for line in ledger_export.beancount_lines(first_day=day, last_day=day))
    return as_file(f"ledger-{day}.beancount", lines, content_type="text/plain; charset=utf-8")


@with_right(EXECUTION)
def execution_page(request: HttpRequest) -> HttpResponseBase:
    form = _form(request, ExecutionForm)
    if not form.is_valid():
        return _page(request, form, (), title="Best execution", files="report-execution")
    question = form.cleaned_data["question"]
    orders, following = execution.order_page(question, after=_place(request.GET.get("after", "")))
    more = ""
    if following is not None:
        more = f"?{_query(request, form)}&{urlencode({'after': f'{following.at.isoformat()},{following.order_id}'})}"
    tables = (execution.totals(question), orders)
    return _page(request, form, tables, title="Best execution", files="report-execution", more=more)


@with_right(EXECUTION)
def execution_csv(request: HttpRequest) -> HttpResponseBase:
    form = _form(request, ExecutionForm)
    if not form.is_valid():
        return _refused(form)
    return _as_csv(request, _execution_tables(form), name=_execution_name(form))


@with_right(EXECUTION)
def execution_json(request: HttpRequest) -> HttpResponseBase:
    form = _form(request, ExecutionForm)
    if not form.is_valid():
        return _refused(form)
    return _as_json(_execution_tables(form), name=_execution_name(form))


@with_right(REBATES)
def rebates_page(request: HttpRequest) -> HttpResponseBase:
    form = _form(request, RebateForm)
    tables = rebates.rebates(form.cleaned_data["question"]) if form.is_valid() else ()
    return _page(request, form, tables, title="Rebates", files="report-rebates")


@with_right(REBATES)
def rebates_csv(request: HttpRequest) -> HttpResponseBase:
    form = _form(request, RebateForm)
    if not form.is_valid():
        return _refused(form)
    question = form.cleaned_data["question"]
    return _as_csv(request, rebates.rebates(question), name=f"rebates-{question.first_day}-{question.last_day}")


@with_right(REBATES)
def rebates_json(request: HttpRequest) -> HttpResponseBase:
    form = _form(request, RebateForm)
    if not form.is_valid():
        return _refused(form)
    question = form.cleaned_data["question"]
    return _as_json(rebates.rebates(question), name=f"rebates-{question.first_day}-{question.last_day}")


@with_right(SUSPICIONS)
def suspicions_page(request: HttpRequest) -> HttpResponseBase:
    form = _form(request, SuspicionForm)
    tables = _suspicion_tables(form) if form.is_valid() else (conduct.rules_table(),)
    return _page(request, form, tables, title="Suspicious leads", files="report-suspicions")


@with_right(SUSPICIONS)
def suspicions_csv(request: HttpRequest) -> HttpResponseBase:
    form = _form(request, SuspicionForm)
    return _as_csv(request, _suspicion_tables(form), name="suspicions") if form.is_valid() else _refused(form)


@with_right(SUSPICIONS)
def suspicions_json(request: HttpRequest) -> HttpResponseBase:
    form = _form(request, SuspicionForm)
    return _as_json(_suspicion_tables(form), name="suspicions") if form.is_valid() else _refused(form)


# The panel is our own site, which `smartsync_site.operators.panel` puts in the place of the framework's.
site = cast(Any, admin.site)
site.add_page("reports/daily-close/", close_page, name="report-close")
site.add_page("reports/daily-close.csv", close_csv, name="report-close-csv")
site.add_page("reports/daily-close.json", close_json, name="report-close-json")
site.add_page("reports/ledger.beancount", beancount, name="report-beancount")
site.add_page("reports/execution/", execution_page, name="report-execution")
site.add_page("reports/execution.csv", execution_csv, name="report-execution-csv")
site.add_page("reports/execution.json", execution_json, name="report-execution-json")
site.add_page("reports/rebates/", rebates_page, name="report-rebates")
site.add_page("reports/rebates.csv", rebates_csv, name="report-rebates-csv")
site.add_page("reports/rebates.json", rebates_json, name="report-rebates-json")
site.add_page("reports/suspicions/", suspicions_page, name="report-suspicions")
site.add_page("reports/suspicions.csv", suspicions_csv, name="report-suspicions-csv")
site.add_page("reports/suspicions.json", suspicions_json, name="report-suspicions-json")


def _form(request: HttpRequest, kind: type[forms.Form]) -> forms.Form:
    """Return the form with what the address says; what it does not say is as the form begins."""
    fields = kind().fields
    asked = {
        name: request.GET.get(name, field.initial() if callable(field.initial) else field.initial)
        for name, field in fields.items()
    }
    return kind(asked)


def _query(request: HttpRequest, form: forms.Form) -> str:
    """Return the part of an address that asks for just this again."""
    return urlencode({name: form[name].value() or "" for name in form.fields})


def _execution_tables(form: forms.Form) -> tuple[Table, ...]:
    question = form.cleaned_data["question"]
    return execution.all_orders(question), execution.totals(question)


def _execution_name(form: forms.Form) -> str:
    question = form.cleaned_data["question"]
    return f"execution-{question.first_day}-{question.last_day}"


def _suspicion_tables(form: forms.Form) -> tuple[Table, ...]:
    return conduct.suspicions(now=timezone.now(), days=form.cleaned_data["days"]), conduct.rules_table()


def _place(text: str) -> Place:
    """Return behind which order a page begins, as its address says; the beginning where that says nothing."""
    at, _, number = text.partition(",")
    try:
        moment = datetime.fromisoformat(at)
    except ValueError:
        return BEGINNING
    if moment.tzinfo is None or not (number.isascii() and number.isdecimal() and len(number) < 19):
        return BEGINNING
    return Place(at=moment, order_id=int(number))


def _page(
    request: HttpRequest,
    form: forms.Form,
    tables: Iterable[Table],
    *,
    title: str,
    files: str,
    more: str = "",
    besides: Iterable[dict[str, str]] = (),
) -> HttpResponseBase:
    shown = [_shown(table) for table in tables]
    links: list[dict[str, str]] = []
    if form.is_valid():
        query = _query(request, form)
        csv = reverse(f"admin:{files}-csv")
        links += [
            {"url": f"{csv}?{query}&table={table['name']}", "label": f"{table['title']} as CSV"} for table in shown
        ]
        links += [{"url": f"{reverse(f'admin:{files}-json')}?{query}", "label": "All of it as JSON"}, *besides]
    context = {
        **admin.site.each_context(request),
        "title": title,
        "form": form,
        "tables": shown,
        "links": links,
        "more": more,
    }
    return TemplateResponse(request, "admin/report.html", context)


def _shown(table: Table) -> dict[str, Any]:
    """Return a table as the page shows it: the first rows, each cell with its text and what it is."""
    rows = [[_cell(cell) for cell in row] for row in islice(iter(table.rows), ROWS_SHOWN + 1)]
    return {
        "name": table.name,
        "title": table.title,
        "note": table.note,
        "columns": [
            {"label": label, "is_number": any(row[place]["is_number"] for row in rows)}
            for place, label in enumerate(table.columns)
        ],
        "rows": rows[:ROWS_SHOWN],
        "is_cut": len(rows) > ROWS_SHOWN,
    }


def _cell(cell: Cell) -> dict[str, Any]:
    url = ""
    if isinstance(cell, LeadName):
        url = reverse("admin:copytrading_lead_change", args=[cell.id])
    return {"text": _text(cell), "is_number": isinstance(cell, int | Decimal), "url": url}


def _text(cell: Cell) -> str:
    if cell is None:
        return "—"
    if isinstance(cell, datetime):
        return f"{cell.astimezone(UTC):%Y-%m-%d %H:%M:%S}"
    if isinstance(cell, Decimal):
        whole, _, fraction = f"{abs(cell):,f}".partition(".")
        fraction = fraction.rstrip("0")
        return f"{'−' if cell < 0 else ''}{whole}{'.' if fraction else ''}{fraction}"
    if isinstance(cell, int):
        return f"{cell:,}"
    return cell.isoformat() if isinstance(cell, date) else str(cell)


def _as_csv(request: HttpRequest, tables: Iterable[Table], *, name: str) -> HttpResponseBase:
    """Return one table as CSV: the one that the address names, or the first."""
    found = {table.name: table for table in tables}
    wanted = request.GET.get("table") or next(iter(found))
    if wanted not in found:
        return HttpResponse(
            f"There is no such table: choose one of {', '.join(found)}.", status=400, content_type="text/plain"
        )
    table = found[wanted]
    return download(f"{name}-{table.name}.csv", table.columns, _harmless_rows(table))


def _harmless_rows(table: Table) -> Iterator[tuple[str, ...]]:
    for row in table.rows:
        yield tuple(plain(cell) if isinstance(cell, int | Decimal) else harmless(plain(cell)) for cell in row)


def _as_json(tables: Iterable[Table], *, name: str) -> HttpResponseBase:
    return as_file(f"{name}.json", json_lines(tables), content_type="application/json")


def _refused(form: forms.Form) -> HttpResponseBase:
    """Return what is wrong with the address of a file, in sentences."""
    sentences = [str(sentence) for errors in form.errors.values() for sentence in errors]
    return HttpResponse(" ".join(sentences), status=400, content_type="text/plain; charset=utf-8")
