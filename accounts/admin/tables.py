"""How a table is shown that operators may read and nobody may write by hand."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString


class ReadOnly:
    """Mixed into an admin, lets operators find and read rows, and nobody add, change or delete one by hand."""

    def has_add_permission(self, request: HttpRequest, *_: Any) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, *_: Any) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, *_: Any) -> bool:
        return False


class ReadOnlyAdmin(ReadOnly, admin.ModelAdmin):
    """A table that is only read here."""

    # Counting a table of millions twice a page, to say "of how many", is not worth a second.
    show_full_result_count = False
    list_per_page = 50


class ReadOnlyRows(ReadOnly, admin.TabularInline):
    """Rows of another table that belong to the one shown."""

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
    sign = "−" if units < 0 else ""
    coins, rest = divmod(abs(units), 10**decimals)
    fraction = f"{rest:0{decimals}d}".rstrip("0") if decimals else ""
    return f"{sign}{coins:,}{'.' + fraction if fraction else ''} {symbol}".rstrip()
