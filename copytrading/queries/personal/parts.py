"""
The parts of an archive: one file a table, with the rows that are a person's and the columns that are theirs to have.

A part names its columns one by one or takes all but a few. What opens a door (hashes, seals, keys, tokens) is in none
of them, nor is who of the operators did something, nor what is other people's: of an order that was bunched there is
the own share, of a lead's followers nothing.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.apps import apps
from django.db import connection
from django.db.models import Model, Q, QuerySet

from accounts.models import User
from copytrading.models import Copy, GateQuestion

Row = dict[str, Any]
# Rows that are read at once.
ROWS_AT_ONCE = 2_000
# Columns that are in no archive, whatever the table: secrets, how the machine finds its rows, and what is another's.
NEVER = frozenset(
    {
        "user", "follower", "person", "owner", "password", "sessions_ended", "password_mark", "session_key", "key_hash",
        "token_hash", "request_hash", "response_body", "sealed_key", "seal_id", "sealed_secret", "seal_place",
        "previous_sealed_secret", "previous_seal_id", "previous_until", "place_transaction", "place_kind", "place_id",
        "spread_at", "guard", "transaction_id", "name_hash", "key", "secret", "data", "confirmed_by", "approved_by",
        "requested_by", "changed_by", "decided_by", "asked_by", "hold_key", "fence", "align_request", "once", "curve",
    }
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Part:
    """
    One file of the archive: `rows` of a person, with all `columns` of their own or those that are named.

    `quantities` are columns of units: each gets one beside it that says the same in coins, by the decimals that are
    found under its second name. Where there are any the part is a table of money, and is written as CSV as well.
    """

    name: str
    table: str
    rows: Callable[[User], QuerySet[Any]]
    columns: tuple[str, ...] = ()
    more: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    quantities: dict[str, str] = field(default_factory=dict)

    def read(self, user: User) -> Iterator[Row]:
        """Yield the rows of a person, each by column, in the order that they were written in."""
        wanted = [*self.names(), *self.more, *set(self.quantities.values())]
        # More than one row may be in one transaction, or second: the key is what orders them all.
        yield from self.rows(user).order_by("pk").values(*dict.fromkeys(wanted)).iterator(chunk_size=ROWS_AT_ONCE)

    def names(self) -> list[str]:
        """Return the columns of the table itself."""
        model = apps.get_model(self.table)
        return list(self.columns) or [
            column.name
            for column in model._meta.concrete_fields
            if column.name not in NEVER and column.name not in self.without
        ]


def _by(table: str, path: str) -> Callable[[User], QuerySet[Any]]:
    model: type[Model] = apps.get_model(table)
    return lambda user: model._default_manager.filter(**{path: user})


def _part(name: str, table: str, path: str = "user", **options: Any) -> Part:
    return Part(name=name, table=table, rows=lambda user: _by(table, path)(user), **options)


COIN, OWED = {"units": "asset__decimals"}, {"posted": "asset__decimals", "held": "asset__decimals"}
SHARE = {
    "quantity_units": "order__market__base__decimals", "value_units": "order__market__quote__decimals",
    "fee_units": "order__market__quote__decimals", "fee_base_units": "order__market__base__decimals",
}  # fmt: skip
OF_ORDER = ("order__market__symbol", "order__side", "order__planned_at")

PARTS: tuple[Part, ...] = (
    Part(
        name="account/person",
        table="accounts.User",
        rows=lambda user: User.objects.filter(pk=user.pk),
        columns=("id", "email", "first_name", "last_name", "language", "time_zone", "jurisdiction", "date_joined",
                 "last_login", "is_active", "is_staff"),
    ),
    Part(
        name="account/addresses",
        table="account.EmailAddress",
        rows=lambda user: EmailAddress.objects.filter(user=user),
        columns=("email", "verified", "primary"),
    ),
    Part(
        name="account/second_factors",
        table="mfa.Authenticator",
        rows=lambda user: Authenticator.objects.filter(user=user),
        columns=("type", "created_at", "last_used_at"),
    ),
    Part(
        name="account/sessions",
        table="usersessions.UserSession",
        rows=lambda user: UserSession.objects.filter(user=user),
        columns=("created_at", "last_seen_at", "ip", "user_agent"),
    ),
    _part("account/devices", "accounts.Device"),
    _part("account/tokens", "accounts.RefreshToken", "device__user"),
    _part("account/keys_for_programs", "accounts.ProgramKey"),
    _part("account/browsers", "copytrading.KnownDevice"),
    _part("account/requests", "accounts.RequestKey", columns=("id", "key", "words", "used_at")),
    _part("account/answers_of_the_api", "accounts.IdempotentRequest",
          columns=("id", "key", "response_status", "created_at")),
    _part("account/changes_by_operators", "accounts.OperatorRequest", "person",
          columns=("id", "kind", "requested_at", "approved_at", "withdrawn_at")),
    _part("account/archives", "accounts.Archive"),
    _part("account/erasures", "accounts.Erasure"),
    _part("admission/consents", "copytrading.ConsentGiven"),
    _part("admission/suitability", "copytrading.SuitabilityAnswer"),
    _part("admission/first_wish", "copytrading.FirstWish", more=("lead__name",)),
    _part("admission/admissions", "copytrading.Admission", more=("lead__name",)),
    _part("admission/jurisdictions", "copytrading.JurisdictionChange"),
    Part(
        name="admission/questions_to_the_check",
        table="copytrading.GateQuestion",
        rows=lambda user: GateQuestion.objects.filter(Q(user=user) | Q(user__isnull=True, email__iexact=user.email)),
        columns=("id", "act", "email", "lead", "units", "jurisdiction", "answer", "sentence", "asked_at"),
    ),
    _part("admission/cases", "copytrading.GateCase",
          columns=("id", "act", "email", "lead", "units", "status", "opened_at", "decided_at")),
    _part("money/accounts", "accounts.LedgerAccount", "owner"),
    _part("money/balances", "accounts.Balance", "ledger_account__owner",
          columns=("id", "ledger_account", "posted", "held"), more=("ledger_account__kind", "asset__symbol"),
          quantities=OWED),
    _part("money/postings", "accounts.Posting", "ledger_account__owner",
          more=("ledger_account__kind", "asset__symbol", "journal__kind", "journal__idempotency_key",
                "journal__posted_at"), quantities=COIN),
    _part("money/transfers", "accounts.Transfer", more=("asset__symbol",), quantities=COIN),
    _part("money/limit_orders", "copytrading.LimitOrder", more=("market__symbol",), without=("on_its_way",),
          quantities={"quantity_units": "market__base__decimals", "filled_units": "market__base__decimals",
                      "value_units": "market__quote__decimals", "fee_units": "market__quote__decimals"}),
    _part("money/orders_by_hand", "copytrading.ManualOrder", more=(*OF_ORDER, "order__status")),
    _part("money/shares_of_fills", "copytrading.Allocation", "ledger_account__owner",
          more=("ledger_account__kind", *OF_ORDER), quantities=SHARE),
    _part("copies/copies", "copytrading.Copy", "follower", more=("lead__name",), without=("is_reference",)),
    _part("copies/flows", "copytrading.CopyFlow", "copy__follower"),
    _part("copies/profit_shares", "copytrading.ProfitShare", "copy__follower"),
    _part("copies/own_accounts", "copytrading.OwnAccount", "user"),
    _part("copies/own_account_holdings", "copytrading.OwnHolding", "account__user", more=("asset__symbol",)),
    _part("copies/held_before", "copytrading.CopyBaseline", "copy__follower", more=("asset__symbol",)),
    _part("copies/adjustments", "copytrading.Adjustment", "copy__follower", more=("asset__symbol",)),
    _part("copies/gaps", "copytrading.CopyGap", "copy__follower"),
    _part("copies/gap_records", "copytrading.CopyGapRecord", "copy__follower"),
    _part("copies/loss_limit", "copytrading.LossLimit"),
    _part("copies/favourites", "copytrading.Favourite", more=("lead__name",)),
    _part("notices/notices", "copytrading.Notice", more=("lead__name", "copy__lead__name", "lead_notice__text")),
    _part("notices/deliveries", "copytrading.Delivery", "notice__user"),
    _part("notices/habits", "copytrading.NoticeHabits"),
    _part("notices/switches", "copytrading.NoticeSwitch"),
    _part("notices/push", "copytrading.PushSubscription", without=("endpoint",)),
    _part("notices/closed_announcements", "copytrading.AnnouncementClosing", more=("announcement__title",)),
    _part("complaints/complaints", "copytrading.Complaint"),
    # Who of the operators answered is not told to the person, here as there.
    _part("complaints/steps", "copytrading.ComplaintStep", "complaint__user", without=("taken_by",)),
    _part("webhooks/webhooks", "copytrading.Webhook"),
    _part("webhooks/deliveries", "copytrading.WebhookDelivery", "webhook__user"),
    _part("webhooks/attempts", "copytrading.WebhookAttempt", "delivery__webhook__user"),
    _part("lead/leads", "copytrading.Lead",
          columns=("id", "name", "slug", "bio", "tags", "source", "status", "profit_share_rate", "followers_max",
                   "money_max_units", "applied_at", "started_at", "ended_at", "units_issued", "other_value_units",
                   "trades_delay_hours", "weights_shown", "public_until", "stake_alarm_at")),
    _part("lead/status_changes", "copytrading.LeadStatusChange", "lead__user"),
    _part("lead/orders", "copytrading.LeadOrder", "lead__user", more=("market__symbol",),
          without=("cycle",)),
    _part("lead/flows", "copytrading.LeadFlow", "lead__user"),
    _part("lead/notices", "copytrading.LeadNotice", "lead__user"),
    _part("lead/invitations", "copytrading.Invitation", "lead__user"),
    _part("lead/holdings", "copytrading.LeadHolding", "lead__user", more=("asset__symbol",), quantities=COIN),
    _part("lead/positions", "copytrading.LeadPosition", "lead__user", more=("asset__symbol",)),
    _part("lead/untraded_holdings", "copytrading.UntradedHolding", "lead__user"),
    _part("lead/linked_accounts", "copytrading.LinkedAccount", "lead__user"),
    _part("lead/account_moves", "copytrading.AccountMove", "lead__user"),
    _part("lead/observed_trades", "copytrading.ObservedTrade", "lead__user", more=("market__symbol",)),
    _part("lead/records", "copytrading.LeadRecord", "lead__user", without=("following_units",)),
    _part("lead/weights", "copytrading.LeadWeights", "lead__user"),
)  # fmt: skip


def records_of(user: User) -> Iterator[Row]:
    """Yield what each copy of a person was recorded to be worth: they lie in rows of many copies together."""
    copies = list(Copy.objects.filter(follower=user).order_by("pk").values_list("pk", flat=True))
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT copy.id, record.* FROM unnest(%s::bigint[]) AS copy(id), copy_records(copy.id) AS record"
            " ORDER BY 1, 2",
            [copies],
        )
        names = [column.name for column in cursor.description]
        while rows := cursor.fetchmany(ROWS_AT_ONCE):
            for row in rows:
                yield {"copy": row[0], **dict(zip(names[1:], row[1:], strict=True))}
