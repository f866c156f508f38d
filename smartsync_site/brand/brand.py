"""A brand as a value: everything that its file, its pictures and its texts say, read once and never changed."""

import hashlib
import unicodedata
from dataclasses import dataclass, field
from email.utils import formataddr, parseaddr
from functools import cached_property
from types import MappingProxyType

from smartsync_site.brand.colours import Palette

STYLESHEET = "colours.css"
FAVICON = "favicon.svg"
ADDRESS = "/brand/"
# The language of the texts in the legal folder itself; folders in it are called by theirs.
WRITTEN_IN = "en"


@dataclass(frozen=True, kw_only=True)
class Block:
    """A piece of a legal text: a heading, a paragraph or a list, with its lines."""

    kind: str
    lines: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class LegalText:
    """
    One of the texts of the legal folder; `name` is its file without the ending, and a part of its address.

    People accept a text in its version: another one is asked for anew. `translations` say the same, in the same version
    and other languages; where there is none the text is read as it stands.
    """

    name: str
    title: str
    version: str
    blocks: tuple[Block, ...]
    language: str = WRITTEN_IN
    translations: tuple["LegalText", ...] = ()

    def in_language(self, code: str | None) -> "LegalText":
        """Return the text as somebody reads it whose language this is."""
        return next((text for text in self.translations if text.language == code), self)


@dataclass(frozen=True, kw_only=True)
class Brand:
    """
    The words, colours, pictures and texts of an installation.

    `logo` is checked SVG to stand within a page; `pictures` are the files that browsers ask for, by name.
    """

    name: str
    short_name: str
    mode_name: str
    tagline: str
    support: str
    sender_name: str
    subject_prefix: str
    light: Palette
    dark: Palette
    logo: str = field(repr=False)
    pictures: MappingProxyType[str, bytes] = field(repr=False)
    legal: tuple[LegalText, ...] = field(repr=False)

    @cached_property
    def stylesheet(self) -> str:
        """Return the colours as CSS: the words of tokens.css, which has to be loaded first."""
        both = ((name, value, getattr(self.dark, name)) for name, value in vars(self.light).items())
        lines = (f"--{name.replace('_', '-')}: light-dark({light}, {dark});" for name, light, dark in both)
        return "@layer tokens { :root { " + " ".join(lines) + " } }\n"

    @cached_property
    def version(self) -> str:
        """Return what stands in the addresses of its files: another one as soon as any of them is another."""
        seen = hashlib.sha256(self.stylesheet.encode())
        for name, content in sorted(self.pictures.items()):
            seen.update(name.encode() + hashlib.sha256(content).digest())
        return seen.hexdigest()[:12]

    def address_of(self, name: str) -> str:
        """Return the path of one of its files, which browsers may keep for ever."""
        return f"{ADDRESS}{self.version}/{name}"

    @property
    def user_agent(self) -> str:
        """Return the name as a program says it of itself in a header: plain letters only."""
        plain = unicodedata.normalize("NFKD", self.name).encode("ascii", "ignore").decode().strip()
        return plain or "Webhooks"

    def sender(self, address: str) -> str:
        """Return whom mails are from; an address that has a name already keeps it."""
        name, plain = parseaddr(address)
        return formataddr((name or self.sender_name, plain))
