"""Tools that read: leads, what copying one would do and would have done, own copies, wallet and statements."""

from collections.abc import Callable
from typing import Annotated, Literal

from pydantic import Field

from copytrading.assistants.answers import Told, counted, page_of, trades_in_words, without_curves
from copytrading.assistants.door import Door, path_part
from copytrading.queries.leads.listing import Sorting

Slug = Annotated[str, Field(description="The lead's slug, as `find_leads` gives it.", pattern=r"^[-a-zA-Z0-9_]+$")]
CopyId = Annotated[int, Field(description="The copy's id, as `list_copies` gives it.", ge=1)]
Money = Annotated[str, Field(description='Quote currency as a decimal string, as "1000.00".')]
Cursor = Annotated[str | None, Field(description="Goes on where the page before ended: its `next`.")]
Limit = Annotated[int, Field(description="How many at most.", ge=1, le=200)]
Moment = Annotated[str | None, Field(description="As 2026-01-31T00:00:00Z.")]


class Reading:
    """What a key with the scope `read` may look at. Each method is a tool, and one request."""

    def __init__(self, door: Door) -> None:
        self.door = door

    def find_leads(
        self,
        search: str = "",
        sort: Sorting = Sorting.SCORE,
        limit: Limit = 20,
        has_vacancies: bool = False,
        cursor: Cursor = None,
    ) -> Told:
        """Find leads, traders whose portfolio can be copied, with their figures of the last 90 days."""
        page = self.door.get(
            "leads", search=search, sort=sort.value, limit=limit, has_vacancies=has_vacancies, cursor=cursor
        )
        return page_of(page, "lead", "leads")

    def read_lead(self, slug: Slug) -> Told:
        """Look at one lead: profit share, capacity, returns and falls by period, and how the score comes about."""
        lead = self.door.get(f"leads/{path_part(slug)}")
        return Told(sentence=f"{lead['name']} is {lead['status']}; you: {lead['standing']}.", data=without_curves(lead))

    def read_lead_holdings(self, slug: Slug) -> Told:
        """Look at what a lead holds now, as ratios."""
        portfolio = self.door.get(f"leads/{path_part(slug)}/holdings")
        return Told(sentence="What the lead holds, as shares of its equity.", data=portfolio)

    def read_reference_copy(self, slug: Slug) -> Told:
        """Look at what following a lead brought so far, after all costs, by a real copy that the platform holds."""
        record = self.door.get(f"leads/{path_part(slug)}/reference-copy")
        figures = {name: value for name, value in record.items() if name != "points"}
        if record["since"] is None:
            return Told(sentence="The platform holds no copy of this lead.", data=figures)
        made = (
            "nothing that is shown yet" if record["return_fraction"] is None else f"{record['return_fraction']} of it"
        )
        return Told(sentence=f"A real copy of {record['investment']} has made {made} since it began.", data=figures)

    def list_lead_trades(self, slug: Slug, limit: Limit = 20, cursor: Cursor = None) -> Told:
        """List what a lead traded, latest first."""
        return page_of(self.door.get(f"leads/{path_part(slug)}/trades", limit=limit, cursor=cursor), "trade", "trades")

    def look_back(
        self,
        slug: Slug,
        investment: Money,
        start: Annotated[
            str | None, Field(description="A day of the record, as 2026-01-31; its beginning without.")
        ] = None,
        buy_existing: bool = True,
        stop_loss: Money | None = None,
    ) -> Told:
        """Ask what copying this lead would have brought, at ratios and in Custom copy: past, and no promise."""
        body = {"investment": investment, "start": start, "buy_existing": buy_existing, "stop_loss": stop_loss}
        found = self.door.post(f"leads/{path_part(slug)}/what-if", body)
        return Told(
            sentence=f"From {found['started_at']} to {found['ended_at']} the lead made {found['lead_return']}; a copy"
            f" {found['smart_sync']['return_fraction']} at the lead's ratios,"
            f" {found['custom']['return_fraction']} in Custom.",
            data=without_curves(found),
        )

    def preview_copy(
        self,
        slug: Slug,
        investment: Money,
        buy_existing: bool = True,
        stop_loss: Money | None = None,
        weight_max: Annotated[str | None, Field(description='The most of one coin, "0.25" for a quarter.')] = None,
    ) -> Told:
        """See the very trades that copying this lead would make now, and what they cost. Nothing is written."""
        body = {
            "investment": investment,
            "buy_existing": buy_existing,
            "stop_loss": stop_loss,
            "weight_max": weight_max,
        }
        preview = self.door.post(f"leads/{path_part(slug)}/preview", body)
        return Told(
            sentence=f"It would trade {trades_in_words(preview['trades'])}; that costs {preview['cost']}.", data=preview
        )

    def list_copies(
        self, state: Literal["current", "ended"] = "current", limit: Limit = 50, cursor: Cursor = None
    ) -> Told:
        """List your copies, with what each is worth and brought."""
        return page_of(self.door.get("copies", state=state, limit=limit, cursor=cursor), "copy", "copies")

    def read_copy(self, copy_id: CopyId) -> Told:
        """Look at one copy: its figures and terms, and its positions beside its lead's."""
        copy = self.door.get(f"copies/{copy_id}")
        return Told(
            sentence=f"The copy of {copy['lead']['name']} is {copy['state']}: worth {copy['worth']}, result"
            f" {copy['result']}.",
            data=copy,
        )

    def list_copy_orders(self, copy_id: CopyId, limit: Limit = 20, cursor: Cursor = None) -> Told:
        """List the orders that a copy takes part in, its own parts of them, latest first."""
        return page_of(self.door.get(f"copies/{copy_id}/orders", limit=limit, cursor=cursor), "order", "orders")

    def read_activity(self, copy_id: CopyId | None = None, limit: Limit = 20, cursor: Cursor = None) -> Told:
        """Read what happened to a copy, or to all: trades, adjustments with their reasons, notices; latest first."""
        path = "activity" if copy_id is None else f"copies/{copy_id}/activity"
        return page_of(self.door.get(path, limit=limit, cursor=cursor), "thing happened", "things happened")

    def read_wallet(self) -> Told:
        """Look at the main account: cash and coins that are in no copy."""
        wallet = self.door.get("wallet")
        return Told(
            sentence=f"{wallet['available']} can be used, of {wallet['worth']}; it is {wallet['money']} money.",
            data=wallet,
        )

    def read_statement(
        self,
        copy_id: CopyId | None = None,
        begins_at: Moment = None,
        ends_at: Moment = None,
        lots: Literal["fifo", "hifo", "average"] = "fifo",
    ) -> Told:
        """Read a statement of a copy, or of everything: this year's without times; result, costs, trades, tax lots."""
        statement = self.door.get("statements", copy=copy_id, from_=begins_at, until=ends_at, lots=lots)
        return Told(
            sentence=f"{statement['name']}, {statement['from']} to {statement['until']}: result {statement['result']}"
            f" {statement['cash']} after {counted(statement['trades'], 'trade', 'trades')}.",
            data=statement,
        )

    def list_markets(self) -> Told:
        """List what can be traded, with the price of each market."""
        markets = self.door.get("markets")
        return Told(sentence=f"{counted(markets, 'market', 'markets')}.", data={"markets": markets})

    def tools(self) -> list[Callable[..., Told]]:
        """Return the tools of this room, in the order in which they are listed."""
        return [
            self.find_leads,
            self.read_lead,
            self.read_lead_holdings,
            self.read_reference_copy,
            self.list_lead_trades,
            self.look_back,
            self.preview_copy,
            self.list_copies,
            self.read_copy,
            self.list_copy_orders,
            self.read_activity,
            self.read_wallet,
            self.read_statement,
            self.list_markets,
        ]
