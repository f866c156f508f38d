"""manage.py new_brand: write the folder of a brand to begin from."""

import re
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from smartsync_site.brand import SHIPPED, BrandRefused, read_brand
from smartsync_site.brand.making import FolderNotUsable, Wish, colours_of, make_brand
from smartsync_site.brand.reading import COLOUR

USAGE_ERROR = 2


class Command(BaseCommand):
    help = (
        "Write a folder with all that a brand has: its file, a logo, icons and legal texts. "
        "It can be started as it is, and each part be replaced (docs/brand.md)."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        shipped = read_brand(SHIPPED)
        parser.add_argument("name", help="what the platform is called")
        parser.add_argument("folder", type=Path, help="a folder that is new or empty")
        parser.add_argument("--mode", default=shipped.mode_name, help="what the mode that holds ratios is called")
        parser.add_argument("--tagline", default=shipped.tagline, help="what it is, in a sentence")
        parser.add_argument("--support", default="", metavar="MAIL", help="where people write for help")
        parser.add_argument("--accent", default=shipped.light.accent, metavar="#RRGGBB", help="the colour of buttons")

    def handle(self, *, name: str, folder: Path, mode: str, **options: Any) -> None:
        if not COLOUR.fullmatch(options["accent"]):
            raise CommandError("--accent takes a colour like '#0b5d57', in quotes.", returncode=USAGE_ERROR)
        light, dark = colours_of(options["accent"])
        wish = Wish(
            name=name, mode_name=mode, tagline=options["tagline"], support=options["support"], light=light, dark=dark
        )
        try:
            file = make_brand(folder.absolute(), wish)
        except (FolderNotUsable, BrandRefused) as refusal:
            raise CommandError(re.sub(r"\s+", " ", str(refusal)), returncode=USAGE_ERROR) from None
        self.stdout.write(f"{file} is written. Start it beside another platform: make run BRAND={file} PORT=8001")
