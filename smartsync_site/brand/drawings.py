"""
A drawing that is shown within our pages: SVG of shapes and colours and nothing else.

What is handed on is written anew from what was understood, so that nobody can understand it differently. Scripts,
styles, pictures and references to elsewhere are no part of a logo, and are refused by not being on the list.
"""

import re
from xml.etree import ElementTree

BYTES_MAX = 64 * 1024
NAMESPACE = "{http://www.w3.org/2000/svg}"
ELEMENTS = frozenset(
    [
        "svg",
        "g",
        "path",
        "rect",
        "circle",
        "ellipse",
        "line",
        "polyline",
        "polygon",
        "title",
        "desc",
        "defs",
        "linearGradient",
        "radialGradient",
        "stop",
        "clipPath",
    ]
)
ATTRIBUTES = frozenset(
    [
        "id",
        "viewBox",
        "width",
        "height",
        "x",
        "y",
        "x1",
        "y1",
        "x2",
        "y2",
        "cx",
        "cy",
        "r",
        "rx",
        "ry",
        "fx",
        "fy",
        "d",
        "points",
        "transform",
        "fill",
        "fill-opacity",
        "fill-rule",
        "stroke",
        "stroke-width",
        "stroke-opacity",
        "stroke-linecap",
        "stroke-linejoin",
        "stroke-miterlimit",
        "stroke-dasharray",
        "opacity",
        "offset",
        "stop-color",
        "stop-opacity",
        "gradientUnits",
        "gradientTransform",
        "spreadMethod",
        "clip-path",
        "clip-rule",
        "clipPathUnits",
        "color",
        "preserveAspectRatio",
        "version",
    ]
)
# A place within the drawing itself.
OWN_PLACE = re.compile(r"url\(#[\w-]+\)")


class DrawingRefused(ValueError):
    """The drawing has something in it that a logo has no use for; the message completes "logo.svg ..."."""


def checked_drawing(content: bytes) -> str:
    """
    Return a drawing as it may stand within a page.

    :raises DrawingRefused: if it is no SVG, or has anything in it besides shapes and colours.
    """
    if len(content) > BYTES_MAX:
        raise DrawingRefused(f"has {len(content):,} bytes; make it smaller than {BYTES_MAX:,}.")
    try:
        text = content.decode("utf-8")
        if unfit := re.search(r"<!DOCTYPE|<!ENTITY|<\?xml-", text):
            raise DrawingRefused(f"has {unfit[0]} in it; take it out.")
        drawing = ElementTree.fromstring(text)
    except (ElementTree.ParseError, UnicodeDecodeError) as error:
        raise DrawingRefused(f"is no SVG ({error}); export it anew.") from None
    if drawing.tag != f"{NAMESPACE}svg" or "viewBox" not in drawing.attrib:
        raise DrawingRefused("has to be an <svg xmlns=...> with a viewBox; export it anew as plain SVG.")
    for element in drawing.iter():
        _check(element)
    drawing.attrib.pop("width", None)
    drawing.attrib.pop("height", None)
    drawing.set("aria-hidden", "true")
    return ElementTree.tostring(drawing, encoding="unicode")


def _check(element: ElementTree.Element) -> None:
    """Take the namespace off an element that is on the list, since a page has none."""
    name = str(element.tag).removeprefix(NAMESPACE)
    if name not in ELEMENTS:
        raise DrawingRefused(f"has a <{name.rpartition('}')[2]}>; a logo is made of shapes only, so take it out.")
    for key, value in element.attrib.items():
        if key not in ATTRIBUTES:
            raise DrawingRefused(
                f"has {key.rpartition('}')[2]}={value[:40]!r} on its <{name}>; take it out"
                " (colours are written as fill and stroke)."
            )
        if "url(" in OWN_PLACE.sub("", value).lower() or "\\" in value:
            raise DrawingRefused(f"refers to something outside itself ({value[:60]!r}); draw it within the file.")
    element.tag = name
