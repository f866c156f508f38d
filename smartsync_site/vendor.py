"""Static files out of installed packages, one by one, so that nothing else of a package is ever served."""

import importlib.util
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.staticfiles.finders import BaseFinder
from django.core.checks import CheckMessage, Error
from django.core.files.storage import FileSystemStorage


def source_of(name: str) -> Path:
    """Return the file behind a name of VENDOR_STATIC, whose values read `package/path/inside/it`."""
    package, _, inside = settings.VENDOR_STATIC[name].partition("/")
    found = importlib.util.find_spec(package)
    folder = Path(found.origin).parent if found and found.origin else Path(package)
    return folder / inside


class VendorStorage(FileSystemStorage):
    def path(self, name: str) -> str:
        return str(source_of(name.replace("\\", "/")))


class VendorFinder(BaseFinder):
    storage = VendorStorage()

    def check(self, **_: Any) -> list[CheckMessage]:
        return [
            Error(f"The vendored file {name} is missing: {source_of(name)}", id="smartsync.E001")
            for name in settings.VENDOR_STATIC
            if not source_of(name).is_file()
        ]

    def find(self, path: str, find_all: bool = False, **_: Any) -> Any:
        # An empty list is how a finder says "not here", whether one or all were asked for.
        if path not in settings.VENDOR_STATIC:
            return []
        found = str(source_of(path))
        return [found] if find_all else found

    def list(self, ignore_patterns: Any) -> Any:
        for name in settings.VENDOR_STATIC:
            yield name, self.storage
