"""The stream of receipts: three kinds in one order, turned page by page, only one's own."""

from datetime import timedelta

import pytest

from accounts.models import User
from copytrading.models import Adjustment, Copy, Lead, Notice, SyncCycle
from copytrading.queries.happened.activity import (
    ADJUSTMENT,
    NOTICE,
    TRADE,
    Cursor,
    CursorUnreadable,
    Receipt,
    receipts_of,
)
from tests.cast import World, usdt
from tests.views.scenes import copies_of_new_leads, copy_with_holdings, counted_queries, settle_now


@pytest.fixture
def copy(world: World, lead: Lead, follower: User) -> Copy:
    return copy_with_holdings(world, lead, follower)


def adjust(copy: Copy, world: World, count: int) -> None:
    cycle = SyncCycle.objects.latest("pk")
    asset_id = copy.lead.positions.first().asset_id  # type: ignore[union-attr]
    for number in range(count):
        Adjustment.objects.create(
            cycle=cycle,
            copy=copy,
            asset_id=asset_id,
            reason="DEPTH_CAPPED",
            wanted_value_units=usdt(number + 2),
            planned_value_units=usdt(1),
            noted_at=world.now + timedelta(seconds=2 * number),
        )


def whole_stream(user: User, *, count: int) -> list[Receipt]:
    receipts, cursor = [], Cursor()
    while True:
        page = receipts_of(user, cursor=cursor, count=count)
        receipts += page.receipts
        if page.next_cursor is None:
            return receipts
        cursor = Cursor.parse(str(page.next_cursor))


class TestReceiptsOf:
    def test_says_that_the_lead_and_you_bought_at_one_price(
        self, world: World, lead: Lead, follower: User, other_follower: User
    ) -> None:
        world.start(follower, lead, "1000")
        world.start(other_follower, lead, "100")
        world.settle()
        world.lead_trades(lead, "SOL", "BUY", "20")
        settle_now(world)

        receipt = receipts_of(follower, kinds=[TRADE]).receipts[0]

        assert receipt.code == "BUY"
        assert receipt.sentence.headline.startswith("Basalt bought SOL; so did you: ")
        assert receipt.sentence.detail.startswith("One price for the lead and both followers. Fee 0.")

    def test_comes_latest_first_whatever_the_kind(self, world: World, copy: Copy, follower: User) -> None:
        adjust(copy, world, 3)
        Notice.objects.create(
            copy=copy, user=copy.follower, kind="LEAD_PAUSED", noted_at=world.now + timedelta(seconds=3)
        )

        receipts = receipts_of(follower).receipts

        times = [receipt.at for receipt in receipts]
        assert times == sorted(times, reverse=True)
        assert [receipt.kind for receipt in receipts][:4] == [ADJUSTMENT, NOTICE, ADJUSTMENT, ADJUSTMENT]
        assert {receipt.kind for receipt in receipts} == {TRADE, ADJUSTMENT, NOTICE}

    @pytest.mark.parametrize("count", [1, 2, 3, 7])
    def test_is_the_same_in_pages_as_at_once(self, world: World, copy: Copy, follower: User, count: int) -> None:
        copies_of_new_leads(world, follower, range(2))
        adjust(copy, world, 5)

        assert whole_stream(follower, count=count) == whole_stream(follower, count=100)

    def test_shows_nothing_twice_when_something_happens_between_two_pages(
        self, world: World, copy: Copy, follower: User
    ) -> None:
        adjust(copy, world, 4)
        first = receipts_of(follower, count=3)
        adjust(copy, world, 4)

        second = receipts_of(follower, count=100, cursor=first.next_cursor)

        shown = [(receipt.kind, receipt.id) for receipt in (*first.receipts, *second.receipts)]
        assert len(shown) == len(set(shown))

    def test_holds_only_ones_own(self, copy: Copy, follower: User, other_follower: User) -> None:
        assert receipts_of(follower).receipts
        assert not receipts_of(other_follower).receipts
        assert not receipts_of(other_follower, copy_id=copy.pk).receipts

    def test_asks_as_often_for_many_copies_as_for_one(self, world: World, copy: Copy, follower: User) -> None:
        with counted_queries() as few:
            receipts_of(follower)
        copies_of_new_leads(world, follower, range(6))

        with counted_queries() as many:
            receipts_of(follower)

        assert len(many) == len(few)


class TestCursor:
    def test_reads_what_it_wrote(self) -> None:
        cursor = Cursor(trade_id=7, adjustment_id=0, notice_id=2**40)

        assert Cursor.parse(str(cursor)) == cursor

    @pytest.mark.parametrize("text", ["x", "AAAA", "AAAA" * 9, "ä", "====", "A" * 31 + "*"])
    def test_refuses_what_it_did_not_write(self, text: str) -> None:
        with pytest.raises(CursorUnreadable):
            Cursor.parse(text)
