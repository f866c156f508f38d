"""The forms of a page, as a browser would fill them in."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

FIXED = {"csrfmiddlewaretoken"}


@dataclass
class PageForm:
    """A form: where it goes, how, and what is in its fields; of several values of a name the first."""

    address: str
    method: str
    fields: dict[str, str] = field(default_factory=dict)

    @property
    def shape(self) -> tuple[str, str, tuple[str, ...]]:
        """Return what makes two forms the same one, whatever row they stand at."""
        path = "/".join("N" if part.isdigit() else part for part in urlsplit(self.address).path.split("/"))
        return self.method, path, tuple(sorted(self.fields))

    def with_each(self, hostile: list[str], *, sample: str = "100") -> Iterator[tuple[str, str, dict[str, str]]]:
        """Yield the form with one hostile value in one field, for every field and value, as (field, value, data)."""
        usual = {name: value or sample for name, value in self.fields.items()}
        for name in self.fields:
            if name not in FIXED:
                for value in hostile:
                    yield name, value, usual | {name: value}


class _Reader(HTMLParser):
    def __init__(self, address: str) -> None:
        super().__init__()
        self.address, self.forms, self.open, self.select = address, [], None, ""
        self.by_id: dict[str, PageForm] = {}

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        said = {name: value or "" for name, value in attributes}
        if tag == "form":
            self.open = PageForm(urljoin(self.address, said.get("action") or self.address), said.get("method", "get"))
            self.forms.append(self.open)
            self.by_id[said.get("id", "")] = self.open
            return
        form = self.by_id.get(said["form"], self.open) if said.get("form") else self.open
        name = said.get("name", "")
        if form is None:
            return
        if tag == "option" and self.select:
            if "selected" in said or not form.fields.get(self.select):
                form.fields[self.select] = said.get("value", "")
        elif name and tag in {"input", "textarea", "button"}:
            if said.get("type") in {"radio", "submit", "checkbox"} or tag == "button":
                form.fields.setdefault(name, said.get("value", "on"))
            else:
                form.fields[name] = said.get("value", "")
        elif name and tag == "select":
            self.select = name
            form.fields.setdefault(name, "")

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self.open = None
        elif tag == "select":
            self.select = ""


def forms_of(html: str, *, address: str) -> list[PageForm]:
    """Return the forms of a page of our own site."""
    reader = _Reader(address)
    reader.feed(html)
    return [form for form in reader.forms if form.address.startswith("/")]
