"""
The picture of a lead that is sent along with a link: who it is, three figures with of how many they are, and the curve.

Drawn on the server at twice its size and made smaller, so that lines and letters are smooth. It says what the list of
leads says to everybody, and no coin: what is held and traded is shown as late as the lead chose, and not here at all.
"""

from collections.abc import Sequence
from functools import cache
from importlib import import_module
from io import BytesIO
from typing import Any

from django.conf import settings
from django.utils.translation import gettext, ngettext

from copytrading.queries.leads.listing import CARD_DAYS, LeadCard
from copytrading.templatetags.figures import count, direction, percent, signed_percent

WIDTH, HEIGHT, TWICE = 1200, 630, 2
MARGIN, COLUMN = 72, 360
NAME_TOP, FIGURES_TOP, CURVE_TOP, CURVE_BOTTOM, FOOT = 120, 230, 380, 526, 566
PAPER, SHEET, INK, QUIET, LINE = "#f6f4ef", "#ffffff", "#14181b", "#5b6369", "#d3cfc6"
REGULAR, SEMIBOLD = "ribbon-sans-regular.ttf", "ribbon-sans-semibold.ttf"
# The letters that our face has.
LETTERS = "cp1252"
# A curve that moved less does not fill its place: a hundredth.
SPAN_MIN = 0.01
ICON, ICON_SIZE = "icon-192.png", 56
COLOURS = 96


@cache
def _library(name: str) -> Any:
    """Return a module of the library of pictures, which few processes want."""
    return import_module(f"PIL.{name}")


@cache
def _face(file: str, size: int) -> Any:
    path = settings.BASE_DIR / "static" / "fonts" / file
    return _library("ImageFont").truetype(str(path), size * TWICE)


def draw_card(card: LeadCard) -> bytes:
    """Return the picture of a lead as PNG, 1200 by 630, in the language of the moment."""
    brand = settings.SMARTSYNC_BRAND
    image = _library("Image").new("RGB", (WIDTH * TWICE, HEIGHT * TWICE), PAPER)
    pen = _Pen(image)
    pen.box(32, 32, WIDTH - 32, HEIGHT - 32)
    icon = _library("Image").open(BytesIO(brand.pictures[ICON])).convert("RGBA")
    icon = icon.resize((ICON_SIZE * TWICE, ICON_SIZE * TWICE))
    image.paste(icon, ((WIDTH - MARGIN - ICON_SIZE) * TWICE, 64 * TWICE), icon)
    pen.write(MARGIN, 92, _letters(brand.name, ""), size=24, colour=QUIET)
    pen.write(MARGIN, NAME_TOP + 36, _letters(card.lead.name, card.lead.slug), size=60, file=SEMIBOLD, most=880)
    for place, (label, value, beneath, colour) in enumerate(_figures(card, brand.light)):
        left = MARGIN + place * COLUMN
        pen.write(left, FIGURES_TOP, label, size=22, colour=QUIET, most=COLUMN - 20)
        pen.write(left, FIGURES_TOP + 56, value, size=52, file=SEMIBOLD, colour=colour, most=COLUMN - 20)
        pen.write(left, FIGURES_TOP + 98, beneath, size=20, colour=QUIET, most=COLUMN - 20)
    pen.curve(card.returns, gain=brand.light.gain, loss=brand.light.loss)
    pen.write(MARGIN, FOOT, gettext("The past, not a promise. You can lose what you invest."), size=20, colour=QUIET)
    small = image.resize((WIDTH, HEIGHT), _library("Image").Resampling.LANCZOS).quantize(COLOURS)
    file = BytesIO()
    small.save(file, "PNG", optimize=True)
    return file.getvalue()


def _figures(card: LeadCard, colours: Any) -> list[tuple[str, str, str, str]]:
    """Return the three figures of a lead's page, each with its label, what stands beneath it and its colour."""
    coloured = {"gain": colours.gain, "loss": colours.loss, "": INK}
    days = min(card.days_leading, CARD_DAYS)
    got = card.got
    if not got.is_known:
        beneath = gettext("said from five copies on")
    else:
        beneath = gettext("middle of %(copies)s copies, %(number)s days") % {
            "copies": count(got.copies),
            "number": got.days,
        }
    fall = percent(card.fall_fraction)
    return [
        (
            gettext("Return"),
            signed_percent(card.return_fraction),
            ngettext("in %(number)s day", "in %(number)s days", days) % {"number": count(days)},
            coloured[direction(card.return_fraction)],
        ),
        (
            gettext("Followers kept"),
            signed_percent(got.median_fraction),
            beneath,
            coloured[direction(got.median_fraction)],
        ),
        (gettext("Deepest fall"), f"−{fall}" if card.fall_fraction else fall, gettext("in the same days"), INK),
    ]


def _letters(text: str, otherwise: str) -> str:
    """Return a text if our face has all of its letters, else another one of plain letters."""
    try:
        text.encode(LETTERS)
    except UnicodeEncodeError:
        return otherwise
    return text


class _Pen:
    """Draws in points of the finished picture."""

    def __init__(self, image: Any) -> None:
        self._draw = _library("ImageDraw").Draw(image)

    def box(self, left: int, top: int, right: int, bottom: int) -> None:
        self._draw.rounded_rectangle(_twice(left, top, right, bottom), radius=20 * TWICE, fill=SHEET)

    def write(
        self,
        x: int,
        y: int,
        text: str,
        *,
        size: int,
        file: str = REGULAR,
        colour: str = INK,
        most: int = WIDTH - 2 * MARGIN,
    ) -> None:
        """Write a line with its middle at y, smaller where it is wider than `most`, but not below half its size."""
        face = _face(file, size)
        wide = face.getlength(text) / TWICE
        if wide > most:
            face = _face(file, max(int(size * most / wide), size // 2))
        self._draw.text(_twice(x, y), text, font=face, fill=colour, anchor="lm")

    def curve(self, returns: Sequence[float], *, gain: str, loss: str) -> None:
        """Draw returns over the days with their zero line, true to time: who began later begins further right."""
        low, high = min([0.0, *returns]), max([0.0, *returns])
        span = max(high - low, SPAN_MIN)

        def y(value: float) -> float:
            return CURVE_BOTTOM - (value - low) / span * (CURVE_BOTTOM - CURVE_TOP)

        left, right = MARGIN, WIDTH - MARGIN
        self._draw.line(_twice(left, y(0), right, y(0)), fill=LINE, width=2 * TWICE)
        if len(returns) < 2:
            return
        step = (right - left) / CARD_DAYS
        first = right - step * (len(returns) - 1)
        places = [(first + step * place, y(value)) for place, value in enumerate(returns)]
        colour = gain if returns[-1] > 0 else loss if returns[-1] < 0 else INK
        self._draw.line([tuple(_twice(*place)) for place in places], fill=colour, width=4 * TWICE, joint="curve")
        x, end = places[-1]
        self._draw.ellipse(_twice(x - 8, end - 8, x + 8, end + 8), fill=colour)


def _twice(*places: float) -> list[float]:
    return [place * TWICE for place in places]
