"""
A new brand to begin from: a complete folder with a logo, icons and legal texts of its own, which can be shown as it is.

The mark is three bars that rise, in the accent; drawn as SVG, which follows the theme, and by pixels.
"""

import json
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageDraw

from smartsync_site.brand import colours
from smartsync_site.brand.reading import ICONS, SHIPPED, read_brand

# Left, top, width and height of each bar, and its rounding, in a square of 24.
BARS = ((3.0, 13.0, 4.5, 8.0), (9.75, 8.0, 4.5, 13.0), (16.5, 3.0, 4.5, 18.0))
ROUNDING, SQUARE = 1.2, 24.0
# Drawn larger, then made smaller, so that edges are smooth.
FINER = 4
# How much of an icon the mark takes: of one that systems cut to their own shape, less.
SHARE, SHARE_MASKABLE, SHARE_BADGE = 0.62, 0.46, 0.9
SHORT_NAME_LENGTH = 16
HEAD = """\
# What this platform is called and looks like; docs/brand.md says what each key means. Start it beside another one:
#   make run BRAND={path} PORT=8001
"""


class FolderNotUsable(ValueError):
    """The folder has something in it already, or cannot be written."""


@dataclass(frozen=True, kw_only=True)
class Wish:
    """What a new brand is to be like; colours as #rrggbb, for light and dark."""

    name: str
    mode_name: str
    tagline: str
    support: str
    light: dict[str, str]
    dark: dict[str, str]


def make_brand(folder: Path, wish: Wish) -> Path:
    """
    Write the folder of a new brand and return its file.

    :raises FolderNotUsable: if there is something in the folder, or it cannot be written.
    :raises BrandRefused: if what is wished for is no brand; nothing is left of it then.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise FolderNotUsable(f"{folder} has something in it already; name a folder that is new or empty.")
    file = folder / SHIPPED.name
    try:
        (folder / "icons").mkdir(parents=True)
        (folder / "legal").mkdir()
        file.write_text(_toml(wish, file), encoding="utf-8")
        (folder / "logo.svg").write_text(_drawing("var(--accent)"), encoding="utf-8")
        (folder / "icons" / "favicon.svg").write_text(_drawing(wish.light["accent_ink"], wish.light["accent"]))
        for name, side in ICONS.items():
            _icon(name, side, wish).save(folder / "icons" / name, optimize=True)
        texts = SHIPPED.parent / "legal"
        for text in sorted(texts.rglob("*.md")):
            copied = folder / "legal" / text.relative_to(texts)
            copied.parent.mkdir(exist_ok=True)
            copied.write_bytes(text.read_bytes())
    except OSError as error:
        raise FolderNotUsable(f"{folder} cannot be written: {error.strerror}.") from None
    read_brand(file)
    return file


def _toml(wish: Wish, file: Path) -> str:
    def lines(**words: str) -> str:
        # A string of JSON is one of TOML.
        return "".join(f"{key} = {json.dumps(word, ensure_ascii=False)}\n" for key, word in words.items())

    short = "".join(wish.name.split()).lower()[:SHORT_NAME_LENGTH]
    return "\n".join((
        HEAD.format(path=file),
        lines(name=wish.name, short_name=short, mode_name=wish.mode_name, tagline=wish.tagline)
        + "# Where people write for help; empty: nothing is said of it.\n"
        + lines(support=wish.support),
        lines(logo="logo.svg", icons="icons", legal="legal"),
        "[mail]\n" + lines(sender_name=wish.name, subject_prefix=f"[{wish.name}]"),
        "[colours.light]\n" + lines(**wish.light),
        "[colours.dark]\n" + lines(**wish.dark),
    ))  # fmt: skip


def _drawing(ink: str, ground: str = "") -> str:
    """Return the mark as SVG; with a ground, within a rounded square of it."""
    share = SHARE if ground else 1.0
    edge = SQUARE * (1 - share) / 2
    shapes = [f'<rect width="24" height="24" rx="6" fill="{ground}"/>'] if ground else []
    for left, top, wide, high in BARS:
        x, y, width, height = edge + left * share, edge + top * share, wide * share, high * share
        shapes.append(
            f'<rect x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" rx="{ROUNDING * share:g}" fill="{ink}"/>'
        )
    return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24">{"".join(shapes)}</svg>\n'


def _icon(name: str, side: int, wish: Wish) -> Image.Image:
    """Return an icon: a badge is a white mark on nothing, a maskable one fills its square, others are rounded."""
    is_badge, fills = name.startswith("badge"), "maskable" in name or name == "icon-180.png"
    ground, ink = wish.light["accent"], "#ffffff" if is_badge else wish.light["accent_ink"]
    large = side * FINER
    icon = Image.new("RGBA", (large, large), ground if fills else (0, 0, 0, 0))
    pen = ImageDraw.Draw(icon)
    if not fills and not is_badge:
        pen.rounded_rectangle((0, 0, large - 1, large - 1), radius=large / 4, fill=ground)
    share = SHARE_BADGE if is_badge else SHARE_MASKABLE if "maskable" in name else SHARE
    unit, edge = large * share / SQUARE, large * (1 - share) / 2
    for left, top, width, height in BARS:
        x, y = edge + left * unit, edge + top * unit
        pen.rounded_rectangle((x, y, x + width * unit, y + height * unit), radius=ROUNDING * unit, fill=ink)
    return icon.resize((side, side), Image.Resampling.LANCZOS)


def colours_of(accent: str) -> tuple[dict[str, str], dict[str, str]]:
    """
    Return the colours of a brand that has one, for light and dark; gain and loss are those of the shipped one.

    The accent is made darker, or lighter on dark pages, until text in it can be read.
    """
    shipped = read_brand(SHIPPED)
    return _readable(colours.LIGHT, shipped.light, accent), _readable(colours.DARK, shipped.dark, accent)


def _readable(theme: str, shipped: colours.Palette, wished: str) -> dict[str, str]:
    away, _ = colours.AWAY_FROM_PAPER[theme]
    for step in range(21):
        accent = colours.mixed(wished, away, step / 20)
        ink = max(("#ffffff", "#0d1012"), key=lambda one: colours.contrast(one, accent))
        given = {"accent": accent, "accent_ink": ink, "gain": shipped.gain, "loss": shipped.loss}
        if not list(colours.too_faint(theme, colours.palette_of(theme, given))):
            break
    return given
