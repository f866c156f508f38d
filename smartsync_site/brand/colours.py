"""
The colours of a brand, for light and dark, and whether people can read what is written in them.

A colour is `#rrggbb`. Contrast is that of WCAG 2.2: 1 for no difference, 21 for black on white; text needs 4.5.
"""

from collections.abc import Iterator
from dataclasses import dataclass, fields

CONTRAST_MIN = 4.5
LIGHT, DARK = "light", "dark"
# What text stands on: paper, sheet and sunk of static/css/tokens.css, which a test compares.
GROUNDS = {
    LIGHT: {"paper": "#f6f4ef", "sheet": "#ffffff", "sunk": "#f2f0ea"},
    DARK: {"paper": "#0d1012", "sheet": "#15191c", "sunk": "#1d2226"},
}
# How far a shade that is not named goes from its colour: the strong one away from the paper, a wash toward the sheet.
AWAY_FROM_PAPER = {LIGHT: ("#000000", 0.28), DARK: ("#ffffff", 0.25)}
WASH = {LIGHT: 0.12, DARK: 0.20}
HELP = {LIGHT: "choose a darker one", DARK: "choose a lighter one"}


@dataclass(frozen=True, kw_only=True)
class Palette:
    """The colours of one theme: what leads the eye, what is written on it, and what went up or down."""

    accent: str
    accent_ink: str
    accent_strong: str
    accent_wash: str
    gain: str
    loss: str
    loss_wash: str


NAMED = ("accent", "accent_ink", "gain", "loss")
DERIVED = tuple(field.name for field in fields(Palette) if field.name not in NAMED)


def palette_of(theme: str, given: dict[str, str]) -> Palette:
    """Return the colours of a theme, `light` or `dark`; the shades that are not given follow from the others."""
    away, share = AWAY_FROM_PAPER[theme]
    sheet = GROUNDS[theme]["sheet"]
    derived = {
        "accent_strong": mixed(given["accent"], away, share),
        "accent_wash": mixed(sheet, given["accent"], WASH[theme]),
        "loss_wash": mixed(sheet, given["loss"], WASH[theme]),
    }
    return Palette(**derived | given)


def too_faint(theme: str, palette: Palette) -> Iterator[tuple[str, str]]:
    """Yield the key and the sentence of every colour that cannot be read where it stands."""
    grounds = GROUNDS[theme]
    for key, on in (
        *(("accent", name) for name in (*grounds, "accent_wash")),
        *(("accent_ink", name) for name in ("accent", "accent_strong")),
        *(("gain", name) for name in grounds),
        *(("loss", name) for name in (*grounds, "loss_wash")),
    ):
        colour, ground = getattr(palette, key), grounds.get(on) or getattr(palette, on)
        if (seen := contrast(colour, ground)) < CONTRAST_MIN:
            remedy = f"choose one that stands out from {on}" if key == "accent_ink" else HELP[theme]
            where = on if on in DERIVED or on in NAMED else f"{on} of the {theme} pages"
            yield (
                key,
                f"is {colour}, which on {ground} ({where}) has a contrast of {seen:.2f} and needs {CONTRAST_MIN}:"
                f" {remedy}.",
            )


def contrast(one: str, other: str) -> float:
    """Return the contrast of two colours, 1 to 21 (https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio)."""
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def mixed(one: str, other: str, share: float) -> str:
    """Return a colour between two, with so much of the other one, 0 to 1."""
    parts = zip(_parts(one), _parts(other), strict=True)
    return "#" + "".join(f"{round(a + (b - a) * share):02x}" for a, b in parts)


def _parts(colour: str) -> list[int]:
    return [int(colour[at : at + 2], 16) for at in (1, 3, 5)]


def _luminance(colour: str) -> float:
    linear = [
        share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4
        for share in (part / 255 for part in _parts(colour))
    ]
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))
