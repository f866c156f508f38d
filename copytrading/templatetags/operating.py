"""What the operators' start page shows first."""

from typing import Any

from django import template
from django.urls import reverse
from django.utils import timezone

from copytrading.queries.operating.needs import needs_now

register = template.Library()


@register.simple_tag(takes_context=True)
def needs_you(context: dict[str, Any]) -> list[dict[str, Any]]:
    """
    Return what waits for an operator, of the tables that this one may look at, each with its address and its takers.

    `roles` are those that act on it, as the page was handed them; `is_yours` says whether this operator may.
    """
    user, takers = context["request"].user, context.get("roles_that_act_on", {})
    return [
        {
            "title": need.title,
            "count": need.count,
            "lines": need.lines,
            "more": need.count - len(need.lines),
            "since": need.since,
            "roles": takers.get(need.acted_on, ()),
            "is_yours": user.has_perm(_right("change", need.acted_on)),
            "url": reverse(f"admin:{need.table.replace('.', '_')}_changelist", query=need.filters),
        }
        for need in needs_now(now=timezone.now(), may_look=lambda table: user.has_perm(_right("view", table)))
    ]


def _right(verb: str, table: str) -> str:
    app, model = table.split(".")
    return f"{app}.{verb}_{model}"


REPORTS = (
    ("see_daily_close", "report-close", "Daily close", "Balances, results by lead, fees and profit share of a day"),
    ("see_execution", "report-execution", "Best execution", "Each order beside its mid and its limit"),
    ("see_rebates", "report-rebates", "Rebates", "What exchanges pay back of the fees of orders with our tag"),
    ("see_suspicions", "report-suspicions", "Suspicious leads", "What the rules of conduct found"),
)


@register.simple_tag(takes_context=True)
def reports_for_you(context: dict[str, Any]) -> list[dict[str, str]]:
    """Return the reports that this operator may see, each with its address."""
    user = context["request"].user
    return [
        {"url": reverse(f"admin:{name}"), "title": title, "words": words}
        for right, name, title, words in REPORTS
        if user.has_perm(f"copytrading.{right}")
    ]
