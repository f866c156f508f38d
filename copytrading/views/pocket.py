"""The portal as an app: its manifest, its service worker, and what it shows while there is no network."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.templatetags.static import static
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from copytrading.queries.copies import own as copies
from copytrading.queries.notices.habits import habits_of
from copytrading.templatetags.branding import brand_file

# What the page without a network is made of.
PARTS = (
    "css/tokens.css", "css/site.css", "css/parts.css", "css/forms.css", "css/pocket.css", "fonts/ribbon-sans.woff2",
)  # fmt: skip
OF_BRAND = ("colours.css", "favicon.svg")
ICONS = ((192, "any"), (512, "any"), (192, "maskable"), (512, "maskable"))


@require_safe
def manifest(request: HttpRequest) -> HttpResponse:
    """Say what the portal is called and looks like when it is installed."""
    context = {
        "icons": [
            {"src": brand_file(f"icon-{size}{'-maskable' if purpose == 'maskable' else ''}.png"),
             "size": size, "purpose": purpose}
            for size, purpose in ICONS
        ]
    }  # fmt: skip
    return render(request, "pocket/manifest.webmanifest", context, content_type="application/manifest+json")


@never_cache
@require_safe
def service_worker(request: HttpRequest) -> HttpResponse:
    """Return the script that stands between the pages and the network; from here, so that it may see all of them."""
    kept = [*(static(path) for path in PARTS), *(brand_file(name) for name in OF_BRAND)]
    context = {"offline": reverse("offline"), "kept": kept, "icon": brand_file("icon-192.png"),
               "badge": brand_file("badge-96.png"), "home": reverse("notices")}  # fmt: skip
    return render(request, "pocket/service_worker.js", context, content_type="text/javascript")


@never_cache
@require_safe
def offline(request: HttpRequest) -> HttpResponse:
    """Show what was known last, for a moment without a network; the service worker keeps the answer."""
    context: dict[str, object] = {"as_of": None}
    if request.user.is_authenticated:
        now = timezone.now()
        zone = habits_of(request.user).zone
        overview = copies.overview_of(request.user, now=now)
        context = {"overview": overview, "as_of": now.astimezone(zone), "zone": zone.key}
    return render(request, "pocket/offline.html", context)
