"""What a browser says of a page on a first visit: when it stood, what shifted, what blocked, and its weight."""

import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from playwright.sync_api import Browser, CDPSession, Page, sync_playwright

from tests.browser.conftest import chromium_options

SCREENS = {"phone": (390, 844), "desk": (1440, 900)}
# Of the demo, as it prints them when it starts.
FOLLOWER, LEAD = "follower@demo.example.org", "basalt@demo.example.org"
PASSWORD = "paper money only"
# A page is looked at for so long after it was loaded: what comes late shifts late.
WATCHED_MILLISECONDS = 2_500
# web.dev/articles/{lcp,cls,tbt}: the last candidate; the largest session of shifts (within a second of each other, five
# seconds at most) without those that a person caused; what each task took beyond 50 ms, after the first paint.
OBSERVED = """
    (() => {
      window.vitals = { lcp: 0, lcp_of: "", shifts: [], tasks: [] };
      const watch = (type, take) => new PerformanceObserver((list) => list.getEntries().forEach(take))
        .observe({ type, buffered: true });
      watch("largest-contentful-paint", (entry) => {
        window.vitals.lcp = entry.startTime;
        window.vitals.lcp_of = entry.element ? `${entry.element.tagName} ${entry.element.className}`.trim() : "";
      });
      watch("layout-shift", (entry) => {
        const of = entry.sources.map(({ node }) => node?.id || node?.className || node?.nodeName).join(", ");
        if (!entry.hadRecentInput) window.vitals.shifts.push({ at: entry.startTime, by: entry.value, of });
      });
      watch("longtask", (entry) => window.vitals.tasks.push({ at: entry.startTime, for: entry.duration }));
    })();
"""


@dataclass(frozen=True, kw_only=True)
class Line:
    """How a page comes: bytes a second each way and milliseconds of delay (0: as fast as it goes), CPU divided by."""

    name: str
    bytes_a_second: float = 0
    delay_milliseconds: int = 0
    cpu_divided_by: int = 1
    lcp_milliseconds_max: int


FAST = Line(name="fast", lcp_milliseconds_max=1_000)
SLOW = Line(name="slow", bytes_a_second=1.6e6 / 8, delay_milliseconds=150, cpu_divided_by=4, lcp_milliseconds_max=2_000)
CLS_MAX = 0.02
# Of a machine as it is: nobody promised it of one four times as slow.
BLOCKING_MILLISECONDS_MAX = 100
KILOBYTES_MAX = 150
FIRST_PAGE = "discover"
FIGURES = ("lcp", "first_byte", "cls", "blocking", "bytes")
# Name, address, and whose: of nobody, of the demo's follower, of a lead.
PAGES = (
    ("discover", "/", ""),
    ("lead", "{lead}", ""),
    ("trades", "{lead}trades/", ""),
    ("what-if", "{lead}what-if/", ""),
    ("compare", "{compare}", ""),
    ("sign-up", "/accounts/signup/", ""),
    ("my-copies", "/copies/", FOLLOWER),
    ("together", "/copies/together/", FOLLOWER),
    ("copy", "{copy}", FOLLOWER),
    ("settings", "{copy}settings/", FOLLOWER),
    ("wizard", "{other}copy/", FOLLOWER),
    ("wallet", "/wallet/", FOLLOWER),
    ("statements", "/wallet/statements/?period=all", FOLLOWER),
    ("notices", "/notices/", FOLLOWER),
    ("switches", "/notices/switches/", FOLLOWER),
    ("cockpit", "/lead/", LEAD),
)


def measure(address: str, *, lines: Sequence[Line], names: Sequence[str], times: int) -> Iterator[dict[str, Any]]:
    """Yield the figures of each page on each screen and line."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(**chromium_options())
        known = {who: _signed_in(browser, address, who) for who in (FOLLOWER, LEAD)} | {"": None}
        places = _places(browser, address, known[FOLLOWER])
        for name, form, who in PAGES:
            for screen in SCREENS if not names or name in names else ():
                for line in lines:
                    path = form.format_map(places)
                    visits = [_visit(browser, f"{address}{path}", screen, line, known[who]) for _ in range(times)]
                    yield _judged(name, screen, line, visits)
        browser.close()


def _signed_in(browser: Browser, address: str, who: str) -> Any:
    """Sign somebody of the demo in and return what a browser keeps of it."""
    context = browser.new_context(ignore_https_errors=True, service_workers="block")
    page = context.new_page()
    page.goto(f"{address}/accounts/login/")
    page.fill("input[name=login]", who)
    page.fill("input[type=password]", PASSWORD)
    page.locator("main form button.main").first.click()
    page.wait_for_url(f"{address}/")
    state = context.storage_state()
    context.close()
    return state


def _places(browser: Browser, address: str, follower: Any) -> dict[str, str]:
    """Return the addresses that only this demo knows: of two leads, and of the follower's first copy."""
    context = browser.new_context(ignore_https_errors=True, storage_state=follower, service_workers="block")
    page = context.new_page()
    page.goto(f"{address}/copies/")
    links = page.locator("a[href^='/copies/']").evaluate_all("(links) => links.map((link) => link.pathname)")
    copy = next(path for path in links if re.fullmatch(r"/copies/\d+/", path))
    page.goto(f"{address}/")
    leads = page.locator("a.name[href^='/leads/']").evaluate_all("(links) => links.map((link) => link.pathname)")
    context.close()
    slugs = [lead.strip("/").rpartition("/")[2] for lead in leads[:3]]
    return {
        "copy": copy,
        "lead": leads[0],
        "other": leads[-1],
        "compare": f"/compare/?{'&'.join(f'lead={slug}' for slug in slugs)}",
    }


def _visit(browser: Browser, url: str, screen: str, line: Line, state: Any) -> dict[str, Any]:
    width, height = SCREENS[screen]
    context = browser.new_context(
        ignore_https_errors=True, viewport={"width": width, "height": height}, storage_state=state
    )
    context.add_init_script(OBSERVED)
    page = context.new_page()
    session = context.new_cdp_session(page)
    weights = _weighing(session)
    _slow_down(session, line)
    page.goto(url, wait_until="load")
    page.wait_for_timeout(WATCHED_MILLISECONDS)
    told = _told(page)
    context.close()
    return told | {"bytes": sum(weights)}


def _weighing(session: CDPSession) -> list[float]:
    """Return a list that the bytes of each answer go to, as they came over the line."""
    weights: list[float] = []
    session.send("Network.enable")
    session.on("Network.loadingFinished", lambda answer: weights.append(answer["encodedDataLength"]))
    return weights


def _slow_down(session: CDPSession, line: Line) -> None:
    if line.bytes_a_second:
        conditions = {"downloadThroughput": line.bytes_a_second, "uploadThroughput": line.bytes_a_second}
        session.send(
            "Network.emulateNetworkConditions", {"offline": False, "latency": line.delay_milliseconds, **conditions}
        )
    if line.cpu_divided_by > 1:
        session.send("Emulation.setCPUThrottlingRate", {"rate": line.cpu_divided_by})


def _told(page: Page) -> dict[str, Any]:
    seen = page.evaluate("window.vitals")
    first_byte = page.evaluate("performance.getEntriesByType('navigation')[0].responseStart")
    painted_at = page.evaluate("performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? 0")
    return {
        "lcp": seen["lcp"],
        "first_byte": first_byte,
        "lcp_of": seen["lcp_of"],
        "cls": largest_session(seen["shifts"]),
        "shifted": [shift["of"] for shift in seen["shifts"]],
        "blocking": sum(max(task["for"] - 50, 0) for task in seen["tasks"] if task["at"] + task["for"] > painted_at),
    }


def largest_session(shifts: Sequence[dict[str, Any]]) -> float:
    """Return the largest sum of shifts that follow each other within a second, over five seconds at most."""
    largest = total = 0.0
    began_at = last_at = 0.0
    for shift in shifts:
        if not total or shift["at"] - last_at > 1_000 or shift["at"] - began_at > 5_000:
            total, began_at = 0.0, shift["at"]
        total, last_at = total + shift["by"], shift["at"]
        largest = max(largest, total)
    return largest


def _judged(name: str, screen: str, line: Line, visits: Sequence[dict[str, Any]]) -> dict[str, Any]:
    middle = {figure: median(visit[figure] for visit in visits) for figure in FIGURES}
    best = {figure: min(visit[figure] for visit in visits) for figure in FIGURES}
    kilobytes = middle["bytes"] / 1_000
    beyond = [
        *(["lcp"] if middle["lcp"] > line.lcp_milliseconds_max else []),
        *(["cls"] if middle["cls"] > CLS_MAX else []),
        *(["blocking"] if line is FAST and middle["blocking"] > BLOCKING_MILLISECONDS_MAX else []),
        *(["weight"] if name == FIRST_PAGE and kilobytes > KILOBYTES_MAX else []),
    ]
    return {
        "page": name,
        "screen": screen,
        "line": line.name,
        "lcp_seconds": round(middle["lcp"] / 1_000, 2),
        "lcp_seconds_best": round(best["lcp"] / 1_000, 2),
        "first_byte_seconds": round(middle["first_byte"] / 1_000, 2),
        "lcp_of": visits[0]["lcp_of"],
        "cls": round(middle["cls"], 3),
        "blocking_milliseconds": round(middle["blocking"]),
        "blocking_milliseconds_best": round(best["blocking"]),
        "kilobytes": round(kilobytes, 1),
        "shifted": sorted({of for visit in visits for of in visit["shifted"] if of})[:5],
        "load": round(os.getloadavg()[0], 1),
        "beyond": beyond,
        "within": not beyond,
    }
