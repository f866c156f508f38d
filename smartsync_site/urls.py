"""Every address of the site, by who answers it."""

from django.contrib import admin
from django.urls import include, path

from smartsync_site.brand import pages as brand_pages
from smartsync_site.watching import monitoring

handler500 = "accounts.api.problems.server_error"

urlpatterns = [
    path("", include("copytrading.urls")),
    path("api/v1/", include("copytrading.api.urls")),
    path("api/identity/", include("accounts.api.identity")),
    path("accounts/", include("allauth.urls")),
    path("admin/", admin.site.urls),
    path("brand/<str:version>/<str:name>", brand_pages.brand_file, name="brand_file"),
    path("legal/<str:name>/", brand_pages.legal_text, name="legal_text"),
    path("health/live", monitoring.live, name="health_live"),
    path("health/ready", monitoring.Ready.as_view(), name="health_ready"),
    path(".well-known/security.txt", monitoring.security_txt, name="security_txt"),
    path("metrics", monitoring.metrics, name="metrics"),
]
