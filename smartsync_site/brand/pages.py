"""What the site shows of its brand by itself: the files that browsers ask for, and the legal texts."""

from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import get_language
from django.views.decorators.http import require_safe

from smartsync_site.brand.brand import STYLESHEET, Brand

FOR_EVER = "public, max-age=31536000, immutable"
# While one process has the new brand and another the old one, an address may come to the wrong one.
FOR_NOW = "no-cache"
TYPES = {".css": "text/css; charset=utf-8", ".svg": "image/svg+xml", ".png": "image/png"}


@require_safe
def brand_file(request: HttpRequest, version: str, name: str) -> HttpResponse:
    """Return a file of the brand; its address has the version in it, so that it may be kept for ever."""
    brand: Brand = settings.SMARTSYNC_BRAND
    content = brand.stylesheet.encode() if name == STYLESHEET else brand.pictures.get(name)
    if content is None:
        raise Http404
    response = HttpResponse(content, content_type=TYPES[name[name.rindex(".") :]])
    response["Cache-Control"] = FOR_EVER if version == brand.version else FOR_NOW
    return response


@require_safe
def legal_text(request: HttpRequest, name: str) -> HttpResponse:
    """Show one of the legal texts, in the reader's language where it is written in it."""
    brand: Brand = settings.SMARTSYNC_BRAND
    for text in brand.legal:
        if text.name == name:
            return render(request, "brand/legal.html", {"text": text.in_language(get_language())})
    raise Http404


def brand_context(request: HttpRequest) -> dict[str, Any]:
    """Return `brand` for all templates, and its `legal_texts` in the language of the moment."""
    brand: Brand = settings.SMARTSYNC_BRAND
    return {"brand": brand, "legal_texts": [text.in_language(get_language()) for text in brand.legal]}
