"""
A page of which nothing is left but what can be read: no script, no form that could be sent, no link out.

The page is read as HTML and written again, element by element; what is not known to be harmless is left out, and not
the other way round.
"""

from collections.abc import Callable
from dataclasses import dataclass
from html import escape
from html.parser import HTMLParser

from django.template.loader import render_to_string

# Of these nothing is left, with all that is in them.
DROPPED = frozenset({"script", "iframe", "object", "embed", "template", "noscript", "base"})
# A relation of a `<link>` that only says how the page looks.
LOOKS = frozenset({"stylesheet", "icon", "preload"})
DISABLED = frozenset({"button", "input", "select", "textarea", "fieldset"})
VOID = frozenset({"area", "br", "col", "hr", "img", "input", "link", "meta", "source", "track", "wbr"})
# Attributes that send something, load something or run something.
REFUSED = frozenset(
    {"action", "method", "formaction", "formmethod", "href", "ping", "srcdoc", "target", "download", "data-install",
     "data-service-worker", "data-signed-in", "contenteditable", "autofocus"}
)  # fmt: skip
REFUSED_BEGINNINGS = ("on", "hx-", "sse-", "ws-", "data-hx-")


@dataclass(frozen=True, kw_only=True)
class Banner:
    """What stands above the page: as whom it is looked at, and the way back."""

    who: str
    back: str


def inert(page: str, *, address_of: Callable[[str], str], banner: Banner) -> str:
    """
    Return a page as text to read, with a banner on top.

    :param address_of: where a link leads instead; empty where it leads nowhere.
    """
    writer = _Writer(address_of, banner)
    writer.feed(page)
    writer.close()
    return "".join(writer.written)


class _Writer(HTMLParser):
    """Writes a page again, without what could do anything."""

    def __init__(self, address_of: Callable[[str], str], banner: Banner) -> None:
        super().__init__(convert_charrefs=False)
        self.written: list[str] = []
        self._address_of = address_of
        self._banner = banner
        # Elements that are left out and still open.
        self._dropping: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if self._dropping or tag in DROPPED:
            if tag not in VOID and tag != "base":
                self._dropping.append(tag)
            return
        if tag == "input" and dict(attrs).get("type") == "hidden":
            return
        if tag == "link" and not LOOKS & set((dict(attrs).get("rel") or "").split()):
            return
        if tag == "meta" and "http-equiv" in dict(attrs):
            return
        kept = [(name, value) for name, value in attrs if self._is_kept(tag, name)]
        if tag in DISABLED:
            kept = [*((name, value) for name, value in kept if name != "disabled"), ("disabled", None)]
        if tag == "form":
            # It is drawn as it is; with nothing in it that can be pressed nobody sends it.
            kept.append(("inert", None))
        href = dict(attrs).get("href")
        if tag in {"a", "area"} and href is not None:
            address = self._address_of(href)
            kept.append(("href", address) if address else ("aria-disabled", "true"))
        self.written.append(_tag(tag, kept))
        if tag == "body":
            self.written.append(render_to_string("admin/looking_as.html", {"banner": self._banner}))

    def handle_endtag(self, tag: str) -> None:
        if self._dropping:
            if tag in self._dropping:
                while self._dropping.pop() != tag:
                    pass
            return
        if tag == "head":
            self.written.append(render_to_string("admin/looking_as_head.html"))
        if tag not in VOID and tag not in DROPPED:
            self.written.append(f"</{tag}>")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        self.handle_endtag(tag)

    def handle_data(self, data: str) -> None:
        self._write(data)

    def handle_entityref(self, name: str) -> None:
        self._write(f"&{name};")

    def handle_charref(self, name: str) -> None:
        self._write(f"&#{name};")

    def handle_decl(self, decl: str) -> None:
        self._write(f"<!{decl}>")

    def _write(self, text: str) -> None:
        if not self._dropping:
            self.written.append(text)

    def _is_kept(self, tag: str, name: str) -> bool:
        if tag in {"link", "use"} and name == "href":
            return True
        return name not in REFUSED and not name.startswith(REFUSED_BEGINNINGS)


def _tag(tag: str, attributes: list[tuple[str, str | None]]) -> str:
    said = "".join(f" {name}" if value is None else f' {name}="{escape(value)}"' for name, value in attributes)
    return f"<{tag}{said}>"
