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
