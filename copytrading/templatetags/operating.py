"""What the operators' start page shows first."""

from typing import Any

from django import template
from django.urls import reverse
from django.utils import timezone

from copytrading.queries.operating import overview as operating

register = template.Library()


@register.simple_tag(takes_context=True)
def needs_you(context: dict[str, Any]) -> list[dict[str, Any]]:
    """Return what waits for an operator, of the tables that this one may look at, each with its address."""
    found = []
    for need in operating.needs_now(now=timezone.now()):
        app, model = need.table.split(".")
        if context["request"].user.has_perm(f"{app}.view_{model}"):
            url = reverse(f"admin:{app}_{model}_changelist", query=need.filters)
            more = need.count - len(need.lines)
            found.append({"title": need.title, "count": need.count, "lines": need.lines, "more": more, "url": url})
    return found


REPORTS = (
    ("see_daily_close", "report-close", "Daily close", "Balances, results by lead, fees and profit share of a day"),
    ("see_execution", "report-execution", "Best execution", "Each order beside its mid and its limit"),
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
