"""The brand where no request brings it along, and the addresses of its files."""

from typing import Any

from django import template
from django.conf import settings
from django.utils.safestring import SafeString

register = template.Library()


@register.simple_tag
def brand_of_platform() -> Any:
    """Return the brand: for pages of errors and mails, which no context processor reaches."""
    return settings.SMARTSYNC_BRAND


@register.simple_tag
def brand_file(name: str) -> str:
    """Return the address of a file of the brand."""
    return str(settings.SMARTSYNC_BRAND.address_of(name))


@register.simple_tag
def brand_logo() -> SafeString:
    """Return the logo, to stand within a page; it was checked and written anew when the brand was read."""
    return SafeString(settings.SMARTSYNC_BRAND.logo)
