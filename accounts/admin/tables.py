"""How a table is shown that operators may read and nobody may write by hand."""

from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db import models
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from accounts.admin.list_files import DownloadableList, Figure

# What a row's number can be at most.
ROW_NUMBER_MAX = 2**63 - 1


class SelectedRows(admin.ModelAdmin):
    """Mixed into an admin, takes a list of chosen rows for what it is: text that somebody sent."""

    def response_action(self, request: HttpRequest, queryset: QuerySet[Any], *where: Any) -> HttpResponse | None:
        """Carry out an act on the chosen rows, or say that some of them are not here and do nothing."""
        chosen = request.POST.getlist(ACTION_CHECKBOX_NAME)
        is_all = request.POST.get("select_across") == "1"
        if chosen and not is_all and queryset.filter(pk__in=self._numbers_in(chosen)).count() != len(set(chosen)):
            messages.error(request, "Not all of these rows are here any more; nothing was done. Choose again.")
            return None
        return super().response_action(request, queryset, *where)

    def _numbers_in(self, chosen: list[str]) -> list[Any]:
        if not isinstance(self.model._meta.pk, models.IntegerField | models.OneToOneField):
            return chosen
        return [int(text) for text in chosen if text.isdecimal() and len(text) < 20 and int(text) <= ROW_NUMBER_MAX]


class ReadOnly:
    """Mixed into an admin, lets operators find and read rows, and nobody add, change or delete one by hand."""

    is_read_only = True

    def has_add_permission(self, request: HttpRequest, *_: Any) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, *_: Any) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, *_: Any) -> bool:
        return False


class ReadOnlyAdmin(DownloadableList, ReadOnly, SelectedRows):
    """A table that is only read here."""

    change_list_template = "admin/table_change_list.html"

    # Counting a table of millions twice a page, to say "of how many", is not worth a second.
    show_full_result_count = False
    list_per_page = 50


class ReadOnlyRows(ReadOnly, admin.TabularInline):
    """Rows of another table that belong to the one shown."""

    template = "admin/rows.html"
    extra = 0
    show_change_link = True


def link_to(row: Any, *, label: str | None = None) -> SafeString | str:
    """Return a link to the page of another row, or a dash when there is none."""
    if row is None:
        return admin.site.empty_value_display
    url = reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_change", args=[row.pk])
    return format_html('<a href="{}">{}</a>', url, label or str(row))


def list_link(model: type, *, label: str, **filters: Any) -> SafeString:
    """Return a link to the list of a table, narrowed by filters."""
    meta = model._meta  # type: ignore[attr-defined]
    url = reverse(f"admin:{meta.app_label}_{meta.model_name}_changelist", query=filters)
    return format_html('<a href="{}">{}</a>', url, label)


def whole(units: int | None, *, decimals: int, symbol: str = "") -> str:
    """Return units of an asset as people write them: exact, grouped, without trailing zeros."""
    if units is None:
        return admin.site.empty_value_display
    coins, rest = divmod(abs(units), 10**decimals)
    fraction = f"{rest:0{decimals}d}".rstrip("0") if decimals else ""
    end = f".{fraction}" if fraction else ""
    shown = f"{'−' if units < 0 else ''}{coins:,}{end} {symbol}".rstrip()
    return Figure.of(shown, plain=f"{'-' if units < 0 else ''}{coins}{end}", unit=symbol)
