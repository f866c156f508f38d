"""
The list of a table as a file: what the list shows, all its pages, as it is searched, filtered and ordered.

Whoever may look at the list may take it along, and like every look it is in the audit.
"""

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from html import unescape
from itertools import chain, islice
from typing import Any

from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.utils import label_for_field, lookup_field
from django.core.exceptions import ObjectDoesNotExist, PermissionDenied
from django.http import HttpRequest, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import URLPattern, path, reverse
from django.utils.html import strip_tags
from django.utils.safestring import SafeString

from accounts.csv_lines import download, harmless

# So many rows say which columns are of some coin, and are in memory at once.
ROWS_AT_ONCE = 2_000


class Figure(str):
    """A quantity as people write it, which still knows what it is: `plain` is the number, `unit` the coin it is of."""

    plain: str
    unit: str

    @classmethod
    def of(cls, shown: str, *, plain: str, unit: str) -> "Figure":
        figure = cls(shown)
        figure.plain, figure.unit = plain, unit
        return figure


class DownloadableList:
    """Mixed into an admin, lets operators download its list as CSV."""

    def get_urls(self: Any) -> list[URLPattern]:
        name = f"{self.opts.app_label}_{self.opts.model_name}_csv"
        return [path("csv/", self.admin_site.admin_view(self.csv_view), name=name), *super().get_urls()]  # type: ignore[misc]

    def csv_view(self: Any, request: HttpRequest) -> HttpResponseBase:
        """Return the list of this address as CSV; a column of quantities is two: the number, and of which coin."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        try:
            rows = self.get_changelist_instance(request).queryset
        except IncorrectLookupParameters:
            # The list itself says what is wrong.
            address = reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_changelist")
            return HttpResponseRedirect(f"{address}?e=1")
        columns = list(self.get_list_display(request))
        labels = [str(label_for_field(name, self.model, self)) for name in columns]
        cells = ([_cell(name, row, self) for name in columns] for row in rows.iterator(chunk_size=ROWS_AT_ONCE))
        first = list(islice(cells, ROWS_AT_ONCE))
        with_unit = [any(isinstance(row[n], Figure) and row[n].unit for row in first) for n in range(len(columns))]
        head = [text for label, two in zip(labels, with_unit, strict=True) for text in _head(label, two)]
        lines = (list(_texts(row, with_unit)) for row in chain(first, cells))
        return download(f"{self.opts.model_name}.csv", head, lines)


def _cell(name: Any, row: Any, table: Any) -> Any:
    try:
        field, _, value = lookup_field(name, row, table)
    except ObjectDoesNotExist:
        return None
    if field is not None and getattr(field, "flatchoices", None):
        return dict(field.flatchoices).get(value, value)
    return value


def _head(label: str, two: bool) -> tuple[str, ...]:
    return (label, f"{label}: unit") if two else (label,)


def _texts(row: Sequence[Any], with_unit: Sequence[bool]) -> Iterator[str]:
    for value, two in zip(row, with_unit, strict=True):
        if isinstance(value, Figure):
            yield value.plain if two or not value.unit else f"{value.plain} {value.unit}"
        else:
            yield _text(value)
        if two:
            yield harmless(value.unit) if isinstance(value, Figure) else ""


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, date | datetime):
        return value.isoformat()
    if isinstance(value, int | float) or hasattr(value, "as_tuple"):
        return format(value, "f") if hasattr(value, "as_tuple") else str(value)
    if isinstance(value, SafeString):
        value = unescape(strip_tags(value))
    if isinstance(value, list | tuple):
        value = ", ".join(str(one) for one in value)
    return harmless(str(value))
