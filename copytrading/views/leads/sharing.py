"""The picture of a lead that goes along with a link. Everybody may look, so it is the same for everybody."""

from typing import Any

from django.conf import settings
from django.core.cache import cache
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone, translation
from django.views.decorators.http import require_safe

from copytrading.queries.leads import listing as leads
from copytrading.templatetags.cards import draw_card

# It is sent to many at once, and drawing one takes a tenth of a second.
KEPT_SECONDS = 3_600


@require_safe
def lead_card(request: HttpRequest, slug: str, language: str) -> HttpResponse:
    """Return the picture of a lead in one language, drawn once an hour at most."""
    lead = get_object_or_404(leads.public_leads(), slug=slug)
    if language not in dict(settings.LANGUAGES):
        raise Http404
    key = f"share-card:{settings.SMARTSYNC_BRAND.version}:{lead.pk}:{lead.slug}:{language}"
    content: bytes | None = cache.get(key)
    if content is None:
        with translation.override(language):
            content = draw_card(leads.card_of(lead, now=timezone.now()))
        cache.set(key, content, KEPT_SECONDS)
    response = HttpResponse(content, content_type="image/png")
    response["Cache-Control"] = f"public, max-age={KEPT_SECONDS}"
    return response


def shared(request: HttpRequest, lead: Any) -> dict[str, str]:
    """Return the addresses of a lead's page and picture as they are handed on: whole, and without who came by what."""
    language = translation.get_language() or settings.LANGUAGE_CODE
    return {
        "page": request.build_absolute_uri(reverse("lead_detail", args=[lead.slug])),
        "picture": request.build_absolute_uri(reverse("lead_card", args=[lead.slug, language])),
    }
