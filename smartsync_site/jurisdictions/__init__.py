"""
Packs of jurisdictions as files: those that are shipped, in `packs/`, and those that an operator writes.

`SMARTSYNC_JURISDICTIONS` names them, the first is that of people who named none. They are read once, at the start.
"""

from smartsync_site.jurisdictions.reading import SHIPPED, PackRefused, read_packs

__all__ = ["SHIPPED", "PackRefused", "read_packs"]
