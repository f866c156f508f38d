"""
What one sees on a page that was made for another language: texts without room, and words and figures of English.

    FAULTS                 a script that returns what is cut, leaves its box or the screen, or lies over another text
    READ                   a script that returns every text that is seen, and every attribute that is read
    foreign_in(texts)      what of them is English on a page in German, or stands in no catalogue
"""

import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path

import allauth
import django
from babel.messages.mofile import read_mo

from tests.languages.catalogue import po_of, strings_of
from tests.languages.texts import WORD, outside

# Every text with the lines it takes: what leaves the screen or its own box, and what lies over another text. What is
# fixed to the screen lies over what is beneath by its nature, and is only asked for its own room.
FAULTS = """
    () => {
      const faults = [];
      const width = document.documentElement.clientWidth;
      if (document.documentElement.scrollWidth > width) {
        const boxes = [...document.querySelectorAll("body *")];
        const wide = boxes.find((box) => box.getBoundingClientRect().right > width + 1);
        faults.push(`the page is wider than the screen: ${wide?.className || wide?.tagName}`);
      }
      const boxes = function* (element) {
        for (let box = element; box && box !== document.body; box = box.parentElement) yield box;
      };
      const styles = (element) => [...boxes(element)].map((box) => getComputedStyle(box));
      const isSeen = (element) => element.checkVisibility({ visibilityProperty: true, opacityProperty: true })
        && !element.closest("svg, select") && !styles(element).some((style) => style.clipPath !== "none");
      const isFixed = (element) => styles(element).some((style) => ["sticky", "fixed"].includes(style.position));
      const scrolls = (element) => [...boxes(element)].some((box) =>
        ["auto", "scroll"].includes(getComputedStyle(box).overflowX) && box.scrollWidth > box.clientWidth);
      const lines = [];
      const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
      for (let node = walker.nextNode(); node; node = walker.nextNode()) {
        const element = node.parentElement;
        // What somebody wrote of themselves may end in dots.
        if (!node.data.trim() || !isSeen(element) || scrolls(element) || element.closest(".clip")) continue;
        const text = node.data.trim().slice(0, 60);
        const range = document.createRange();
        range.selectNodeContents(node);
        const fixed = isFixed(element);
        for (const line of range.getClientRects()) {
          if (line.width < 1 || line.height < 1) continue;
          const sheet = element.closest(".sheet")?.getBoundingClientRect();
          if (sheet && (line.left < sheet.left || line.right > sheet.right)) faults.push(`leaves its sheet: ${text}`);
          if (line.left < -1 || line.right > width + 1) faults.push(`leaves the screen: ${text}`);
          if (!fixed) lines.push({ element, text, line });
        }
        for (const box of boxes(element)) {
          const style = getComputedStyle(box);
          if (style.display === "inline" || box.clientWidth === 0) continue;
          if (style.overflowX !== "visible" && box.scrollWidth > box.clientWidth + 1) faults.push(`is cut: ${text}`);
          if (style.overflowY === "hidden" && box.scrollHeight > box.clientHeight + 2) faults.push(`is cut: ${text}`);
          break;
        }
      }
      for (const button of document.querySelectorAll("button, .button, .tabs a, .segments a, nav a, select, input")) {
        if (isSeen(button) && button.scrollWidth > button.clientWidth + 1 && button.clientWidth) {
          faults.push(`has no room: ${(button.innerText || button.value || button.name).trim().slice(0, 60)}`);
        }
      }
      for (const element of document.querySelectorAll("svg.spark")) {
        const line = element.getBoundingClientRect();
        if (element.checkVisibility()) lines.push({ element, text: "a small curve", line });
      }
      for (const [at, one] of lines.entries()) {
        for (const other of lines.slice(at + 1)) {
          if (one.element === other.element) continue;
          const across = Math.min(one.line.right, other.line.right) - Math.max(one.line.left, other.line.left);
          const down = Math.min(one.line.bottom, other.line.bottom) - Math.max(one.line.top, other.line.top);
          if (across > 2 && down > 5) faults.push(`lies over ${other.text}: ${one.text}`);
        }
      }
      return [...new Set(faults)];
    }
"""
READ = """
    () => {
      const texts = [document.title], said = [];
      const silent = "script, noscript, style, code, pre, [lang]:not(html)";
      const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
      for (let node = walker.nextNode(); node; node = walker.nextNode()) {
        const element = node.parentElement;
        if (node.data.trim() && !element.closest(silent)) said.push(node.data.replace(/\\s+/g, " ").trim());
      }
      texts.push(said.join(" \\n "));
      for (const element of document.querySelectorAll("body *")) {
        if (element.closest(silent)) continue;
        for (const name of ["aria-label", "title", "placeholder", "alt", "data-label"]) {
          if (element.getAttribute(name)?.trim()) texts.push(element.getAttribute(name));
        }
      }
      return texts;
    }
"""
MONTHS = "Januar|Februar|März|April|Mai|Juni|Juli|August|September|Oktober|November|Dezember"
# Figures and dates as only English writes them. A coin's 0,125 has three decimals, so a comma before three digits says
# nothing; a time of day or a version has no sign that is looked for here.
ENGLISH_FIGURES = (
    re.compile(r"\d,\d{3}\.\d"),
    re.compile(r"(?<![\d.])\d+\.\d{1,2}(?![\d.])"),
    re.compile(r"(?<![\d.])\d+\.\d{4,}"),
    re.compile(rf"(?<!\d)\d{{1,2}} (?:{MONTHS})"),
    re.compile(r"\b(?:January|February|March|June|July|October|December|a\.m\.|p\.m\.)"),
)
LIBRARIES = (django, allauth)
# How nobody is spoken to here.
FAMILIAR = re.compile(r"\b(?:[Dd]u|[Dd]ein\w*|[Dd]ich|[Dd]ir)\b")
# Names, codes, and what German says as English does.
NAMES = {
    *("api", "csv", "json", "pdf", "totp", "usdt", "utc", "bp", "ms", "deutsch", "english", "binance", "okx", "bybit"),
    *("bitget", "bitcoin", "ether", "ethereum", "solana", "max", "uhr", "https", "http", "example", "org", "com"),
}


@cache
def words_of_german() -> frozenset[str]:
    """Return every word that a German catalogue says, ours or a library's."""
    said = [text for strings in strings_of(po_of("de")).values() for text in strings]
    for library in LIBRARIES:
        for path in Path(library.__path__[0]).rglob("locale/de/LC_MESSAGES/django.mo"):
            with path.open("rb") as file:
                said += [text for strings in strings_of(read_mo(file)).values() for text in strings]
    return frozenset(word.lower() for text in said for word in WORD.findall(text))


@cache
def words_of_english() -> frozenset[str]:
    """Return every word that only the English sentences of our catalogue say."""
    said = (singular for _, singular in strings_of(po_of("de")))
    return frozenset(word.lower() for text in said for word in WORD.findall(text)) - words_of_german() - NAMES


def foreign_in(texts: Iterable[str], *, names: Iterable[str], is_bracketed: bool) -> list[str]:
    """
    Return what of a page's texts is not in the reader's language; `names` are texts that are nobody's sentences.

    In German: words that only English sentences have, and figures in English form. In brackets: every word that stands
    in none.
    """
    gone = re.compile("|".join(re.escape(name) for name in sorted(names, key=len, reverse=True)) or r"(?!)")
    left = [gone.sub(" ", text) for text in texts]
    # A sentence with a link in it is several texts: its brackets are looked for in all of them together.
    runs = [
        run.strip() for text in left for run in (outside(text) if is_bracketed else text).split("\n") if run.strip()
    ]
    found = []
    for run in runs:
        words = {word.removesuffix("’s").lower() for word in WORD.findall(run)}
        unknown = words - words_of_german() - NAMES if is_bracketed else words & words_of_english()
        if unknown:
            found.append(f"is no German ({', '.join(sorted(unknown))}): {run}")
        if not is_bracketed:
            found += [f"is a figure of English: {run}" for form in ENGLISH_FIGURES if form.search(run)]
            found += [f"calls people du: {run}"] if FAMILIAR.search(run) else []
    return found
