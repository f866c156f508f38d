"""What is wrong with a brand's file is said in one sentence, with its key and what to do."""

import re
import shutil
from pathlib import Path

import pytest
from django.conf import settings

from smartsync_site.brand import SHIPPED, BrandRefused, brand_file, colours, read_brand
from smartsync_site.brand.making import FolderNotUsable, Wish, colours_of, make_brand
from smartsync_site.embedded import LocalFolder

SVG = '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" viewBox="0 0 9 9">{}</svg>'

# What is written instead of what, and what is said of it.
WRONG = {
    "a key that nobody knows": ('name = "Nordlicht"', 'nam = "Nordlicht"', r"^nam of .* is no key; there are .*name"),
    "no name": ('name = "Nordlicht"\n', "", r"^name of .* is missing: add name = "),
    "an empty name": ('name = "Nordlicht"', 'name = " "', r"^name of .* is empty; write something\."),
    "a number for a name": ('name = "Nordlicht"', "name = 7", r"^name of .* is 7; write it as text, in quotes\."),
    "a long name": ('name = "Nordlicht"', f'name = "{"N" * 41}"', r"^name of .* has 41 characters; shorten it to 40\."),
    "a name of two lines": ('name = "Nordlicht"', 'name = "Nord\\nlicht"', r"^name of .* has '\\n' in it; take it out"),
    "a bracket": ('tagline = "', 'tagline = "<b>', r"^tagline of .* has '<' in it; take it out\."),
    "no address of mail": ("help@nordlicht.example", "nordlicht", r"^support of .* is 'nordlicht'; write an address"),
    "a colour by name": (
        'gain = "#0a7443"',
        'gain = "green"',
        r"^colours\.light\.gain of .* is 'green'; write a colour",
    ),
    "a faint accent": (
        'accent = "#6b3fa0"',
        'accent = "#c9b3e6"',
        r"^colours\.light\.accent of .* is #c9b3e6, which on #f6f4ef \(paper of the light pages\) has a contrast of"
        r" 1\.\d+ and needs 4\.5: choose a darker one\.",
    ),
    "a faint loss on dark": (
        'loss = "#ff8a7d"',
        'loss = "#7a2018"',
        r"^colours\.dark\.loss of .*choose a lighter one\.",
    ),
    "an ink like its accent": (
        'accent_ink = "#ffffff"',
        'accent_ink = "#9060d0"',
        r"accent_ink of .* stands out from acc",
    ),
    "no dark": ("[colours.dark]", "[colours.light.night]", r"^colours\.light\.night of .* is no key"),
    "no logo": ('logo = "logo.svg"', 'logo = "mark.svg"', r"^logo of .* needs .*mark\.svg, which cannot be read"),
    "no texts": ('legal = "legal"', 'legal = "texts"', r"^legal of .* names .*texts, and there is no such folder"),
    "no TOML": ("[mail]", "[mail", r"is no TOML: "),
}
DRAWINGS = {
    "a script": (SVG.format("<script>alert(1)</script>"), "has a <script>"),
    "a press": (SVG.format('<rect onclick="alert(1)"/>'), "has onclick="),
    "a style": (SVG.format('<rect style="fill: red"/>'), "has style="),
    "a sheet": (SVG.format("<style>@import url(//x)</style>"), "has a <style>"),
    "a picture": (SVG.format('<image href="//example.org/x.png"/>'), "has a <image>"),
    "a link": (SVG.format('<g xlink:href="//example.org"/>'), "has href="),
    "another page": (SVG.format("<foreignObject/>"), "has a <foreignObject>"),
    "a colour from elsewhere": (SVG.format('<rect fill="url(//example.org#a)"/>'), "refers to something outside"),
    "one that is masked": (SVG.format('<rect fill="u\\72l(//example.org#a)"/>'), "refers to something outside"),
    "entities": (f'<!DOCTYPE svg [<!ENTITY a "b">]>{SVG.format("")}', "has <!DOCTYPE in it"),
    "a sheet beside it": (f'<?xml-stylesheet href="//x"?>{SVG.format("")}', "has <?xml- in it"),
    "no view": ('<svg xmlns="http://www.w3.org/2000/svg"/>', "with a viewBox"),
    "a page": ("<html></html>", "has to be an <svg"),
    "no XML": ("<svg", "is no SVG"),
}
TEXTS = {
    "without a title": ("5-x.md", "Hello", "begins without a title"),
    "with an unknown word": ("5-x.md", "# A\n{company} is", r"has \{company\}, which stands for nothing"),
    "under a bad name": ("Über.md", "# A", "is no name for a legal text"),
    "twice": ("5-terms.md", "# A", "two texts that are called terms"),
}


@pytest.fixture
def brand(nordlicht_file: Path, tmp_path: Path) -> Path:
    """A brand of one's own to spoil."""
    return Path(shutil.copytree(nordlicht_file.parent, tmp_path / "spoilt")) / "brand.toml"


def refusal_of(file: Path) -> str:
    with pytest.raises(BrandRefused) as refusal:
        read_brand(file)
    assert "\n" not in str(refusal.value)
    return str(refusal.value)


class TestReadBrand:
    def test_takes_the_shipped_one_and_a_new_one(self, brand: Path) -> None:
        shipped, new = read_brand(SHIPPED), read_brand(brand)

        assert (shipped.name, shipped.mode_name, new.name, new.mode_name) == (
            "Smart Sync",
            "Smart Sync",
            "Nordlicht",
            "Mirror",
        )
        assert shipped.version != new.version
        assert [text.name for text in new.legal] == ["terms", "risks", "privacy", "imprint", "help"]
        assert "Nordlicht lets you copy" in new.legal[0].blocks[1].lines[0]

    @pytest.mark.parametrize("wrong", WRONG)
    def test_names_key_and_remedy(self, brand: Path, wrong: str) -> None:
        before, after, said = WRONG[wrong]
        text = brand.read_text()
        assert before in text
        brand.write_text(text.replace(before, after, 1))

        assert re.search(said, refusal_of(brand)), refusal_of(brand)

    @pytest.mark.parametrize("name", ["logo.svg", "icons/favicon.svg"])
    @pytest.mark.parametrize("wrong", DRAWINGS)
    def test_takes_drawings_of_shapes_only(self, brand: Path, wrong: str, name: str) -> None:
        drawing, said = DRAWINGS[wrong]
        (brand.parent / name).write_text(drawing)

        assert said in refusal_of(brand)

    def test_takes_no_drawing_in_an_encoding_that_hides_things(self, brand: Path) -> None:
        (brand.parent / "logo.svg").write_bytes(SVG.format("").encode("utf-16"))

        assert "is no SVG" in refusal_of(brand)

    def test_takes_icons_of_their_size_only(self, brand: Path) -> None:
        icons = brand.parent / "icons"
        shutil.copy(icons / "icon-192.png", icons / "icon-512.png")

        assert "needs icon-512.png as a PNG of 512 by 512 pixels" in refusal_of(brand)

    @pytest.mark.parametrize("wrong", TEXTS)
    def test_takes_no_legal_text(self, brand: Path, wrong: str) -> None:
        name, text, said = TEXTS[wrong]
        (brand.parent / "legal" / name).write_text(text)

        assert re.search(said, refusal_of(brand))

    @pytest.mark.parametrize(
        ("second", "version", "first_block"),
        [
            ("Version 2026-11-30", "2026-11-30", "Be kind."),
            ("\nVersion 7\n", "7", "Be kind."),
            ("", "1", "Be kind."),
            ("Version two is out.\n", "1", "Version two is out."),
        ],
    )
    def test_takes_the_version_of_a_text_from_its_second_line(
        self, brand: Path, second: str, version: str, first_block: str
    ) -> None:
        shutil.rmtree(brand.parent / "legal" / "de")
        (brand.parent / "legal" / "1-terms.md").write_text(f"# Terms\n{second}\nBe kind.\n")

        text = read_brand(brand).legal[0]

        assert (text.version, text.blocks[0].lines[0]) == (version, first_block)

    def test_has_each_shipped_text_in_every_language(self, brand: Path) -> None:
        for text in (*read_brand(SHIPPED).legal, *read_brand(brand).legal):
            for code, _ in settings.LANGUAGES:
                read = text.in_language(code)
                assert (read.language, read.name, read.version) == (code, text.name, text.version)
                assert [block.kind for block in read.blocks] == [block.kind for block in text.blocks], (code, text.name)
            assert text.in_language("tlh") == text

    def test_takes_no_translation_of_another_version_or_of_nothing(self, brand: Path) -> None:
        (brand.parent / "legal" / "1-terms.md").write_text("# Terms\nVersion 7\n\nBe kind.\n")
        assert "is version 7, and its translation in de/ is version 1" in refusal_of(brand)

        (brand.parent / "legal" / "de" / "1-terms.md").write_text("# Bedingungen\nVersion 7\n\nSeien Sie nett.\n")
        assert read_brand(brand).legal[0].in_language("de").blocks[0].lines == ("Seien Sie nett.",)

        (brand.parent / "legal" / "de" / "9-more.md").write_text("# Mehr\n")
        assert "a text that is called more, and there is none to translate" in refusal_of(brand)

    def test_says_where_no_file_is(self, tmp_path: Path) -> None:
        assert "SMARTSYNC_BRAND names" in refusal_of(tmp_path / "brand.toml")

    def test_names_itself_in_plain_letters_to_programs(self, brand: Path) -> None:
        for name, said in (("Nördlicht", "Nordlicht"), ("北光", "Webhooks")):
            text = re.sub('^name = ".*"', f'name = "{name}"', brand.read_text(), flags=re.MULTILINE)
            brand.write_text(text)

            assert read_brand(brand).user_agent == said

    def test_names_the_sender_unless_somebody_did(self, brand: Path) -> None:
        assert read_brand(brand).sender("a@example.org") == "Nordlicht <a@example.org>"
        assert read_brand(brand).sender("Ann <a@example.org>") == "Ann <a@example.org>"


class TestColours:
    def test_are_compared_with_the_grounds_that_pages_have(self) -> None:
        tokens = (settings.BASE_DIR / "static" / "css" / "tokens.css").read_text()

        for name in ("paper", "sheet", "sunk"):
            both = re.search(rf"--{name}: light-dark\((#\w+), (#\w+)\)", tokens)
            assert both
            assert [colours.GROUNDS[theme][name] for theme in (colours.LIGHT, colours.DARK)] == list(both.groups())

    def test_of_the_shipped_brand_are_those_of_the_tokens(self) -> None:
        tokens = (settings.BASE_DIR / "static" / "css" / "tokens.css").read_text()

        for line in re.findall(r"--[\w-]+: light-dark\([^)]*\);", read_brand(SHIPPED).stylesheet):
            assert line in tokens

    def test_have_the_contrast_that_is_published(self) -> None:
        assert colours.contrast("#000000", "#ffffff") == pytest.approx(21)
        assert colours.contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.005)

    @pytest.mark.parametrize("accent", ["#ffff00", "#000000", "#ffffff", "#e05a2b", "#00ff88", "#7f7f7f"])
    def test_are_made_readable_for_a_new_brand(self, accent: str) -> None:
        for theme, given in zip((colours.LIGHT, colours.DARK), colours_of(accent), strict=True):
            assert not list(colours.too_faint(theme, colours.palette_of(theme, given)))


class TestMakeBrand:
    def test_leaves_what_is_there_alone(self, brand: Path) -> None:
        light, dark = colours_of("#6b3fa0")
        wish = Wish(name="Ost", mode_name="M", tagline="T", support="", light=light, dark=dark)

        with pytest.raises(FolderNotUsable, match="has something in it already"):
            make_brand(brand.parent, wish)


class TestPlace:
    def test_is_a_path_of_the_project_or_a_folder(self, brand: Path) -> None:
        assert brand_file("") == SHIPPED
        assert brand_file("brand/brand.toml") == SHIPPED
        assert brand_file("brand") == SHIPPED
        assert brand_file(str(brand)) == brand

    def test_has_servers_of_its_own(self, brand: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv("SMARTSYNC_LOCAL", raising=False)
        monkeypatch.delenv("SMARTSYNC_BRAND", raising=False)
        first = LocalFolder()
        monkeypatch.setenv("SMARTSYNC_BRAND", str(brand))
        second = LocalFolder()

        assert first.path != second.path
        assert (first.brand, second.brand[:7]) == ("", "spoilt-")
