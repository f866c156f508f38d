"""Counting by the cache server, which may be emptied or begin anew at any moment."""

from collections.abc import Iterator

import pytest
from django.core.cache import cache

from accounts import rate_limits


@pytest.fixture(autouse=True)
def _emptied() -> Iterator[None]:
    cache.clear()
    yield
    cache.clear()


class TestCounted:
    def test_counts_one_after_the_other(self) -> None:
        assert [rate_limits.counted("tries", seconds=60) for _ in range(3)] == [1, 2, 3]

    @pytest.mark.parametrize("times", [1, 2, 5])
    def test_begins_anew_where_the_server_was_emptied_in_between(
        self, monkeypatch: pytest.MonkeyPatch, times: int
    ) -> None:
        rate_limits.counted("tries", seconds=60)
        add, emptied = cache.add, iter(range(times))

        def add_and_lose(key: str, value: int, timeout: int) -> bool:
            added = add(key, value, timeout=timeout)
            if next(emptied, None) is not None:
                cache.clear()
            return added

        monkeypatch.setattr(cache, "add", add_and_lose)

        assert rate_limits.counted("tries", seconds=60) == 1
