"""What a campaign calls a wrong page, and that it sees one."""

import pytest

from tests.outages.asking import AWAY, WHOLE, Page, verdict

PAGE = Page(path="/copies/", word="</html>")
API = Page(path="/api/v1/copies", word="results")
HTML, PROBLEM = {"content-type": "text/html; charset=utf-8"}, {"content-type": "application/problem+json"}
AGAIN = {"retry-after": "2"}


class TestVerdict:
    def test_takes_a_whole_page_and_one_that_says_to_try_again(self) -> None:
        assert verdict(PAGE, 200, HTML, "<html>…</html>") == WHOLE
        assert verdict(PAGE, 503, HTML | AGAIN, "<p>Try again in a moment.</p>") == AWAY
        assert verdict(API, 503, PROBLEM | AGAIN, '{"code": "unavailable"}') == AWAY

    @pytest.mark.parametrize(
        ("page", "status", "headers", "text"),
        [
            (PAGE, 200, HTML, "<html>cut off"),
            (PAGE, 500, HTML, "Try again in a moment"),
            (PAGE, 502, HTML, "<h1>502 Bad Gateway</h1>"),
            (PAGE, 503, HTML | AGAIN, "<h1>503 Service Temporarily Unavailable</h1>"),
            (PAGE, 503, HTML, "Try again in a moment"),
            (API, 503, HTML | AGAIN, "Try again in a moment"),
            (API, 429, PROBLEM | AGAIN, '{"code": "throttled"}'),
        ],
    )
    def test_takes_nothing_else(self, page: Page, status: int, headers: dict[str, str], text: str) -> None:
        assert verdict(page, status, headers, text) not in (WHOLE, AWAY)
