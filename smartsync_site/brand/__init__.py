"""
What an installation is called and looks like: one TOML file with its logo, icons and legal texts beside it.

It is read once, at the start; `settings.SMARTSYNC_BRAND` is the value that pages, mails and papers take words from.
"""

from smartsync_site.brand.brand import Brand, LegalText
from smartsync_site.brand.reading import SHIPPED, BrandRefused, brand_file, read_brand

__all__ = ["SHIPPED", "Brand", "BrandRefused", "LegalText", "brand_file", "read_brand"]
