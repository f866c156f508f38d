"""
Every table there is: what an erasure does to what is a person's in it, and where it stands in an archive.

A table that is missing here fails a test, so that nobody adds one without having thought of both. `LEFT` names the text
columns in which an address or a name may still be found after an erasure, each with the reason why.
"""

from dataclasses import dataclass
from enum import StrEnum


class Fate(StrEnum):
    """What becomes of a person's rows."""

    REMOVED = "the rows are deleted"
    EMPTIED = "the rows stay, and what tells of the person in them is taken out"
    KEPT = "the rows stay as they are, and name a person by number only"
    NOBODYS = "there is nothing of a person in it"


@dataclass(frozen=True, kw_only=True)
class Table:
    """What becomes of a table's rows, why, and its file in an archive, or why there is none."""

    fate: Fate
    why: str
    archive: str = ""
    no_archive: str = ""


def _removed(archive: str, why: str = "Nobody needs it once the person is gone.") -> Table:
    return Table(fate=Fate.REMOVED, why=why, archive=archive)


def _emptied(archive: str, why: str) -> Table:
    return Table(fate=Fate.EMPTIED, why=why, archive=archive)


def _kept(archive: str, why: str = "The books have to add up and be explained.") -> Table:
    return Table(fate=Fate.KEPT, why=why, archive=archive)


def _inner(fate: Fate, why: str, no_archive: str) -> Table:
    return Table(fate=fate, why=why, no_archive=no_archive)


OF_THE_MARKET = _inner(Fate.NOBODYS, "It is of coins and markets.", "It is nobody's.")
OF_THE_PLATFORM = _inner(Fate.NOBODYS, "It is of the platform's own running.", "It is nobody's.")
OF_THE_LEAD = "What followers were traded by has to be explained; the lead's name is taken out."
OF_MANY = "It is of many people together, of whom each one's own part stands elsewhere."
BY_OPERATORS = "Who of the operators decided what has to be known as long as the books."

TABLES: dict[str, Table] = {
    "accounts.User": _emptied("account/person", "Everything else refers to it; the address becomes a random one."),
    "accounts.IdempotentRequest": _removed("account/answers_of_the_api"),
    "accounts.RequestKey": _emptied("account/requests", "A key stands for one request for ever; its words go."),
    "accounts.Device": _removed("account/devices"),
    "accounts.RefreshToken": _removed("account/tokens"),
    "accounts.ProgramKey": _removed("account/keys_for_programs"),
    "accounts.Asset": OF_THE_MARKET,
    "accounts.LedgerAccount": _kept("money/accounts"),
    "accounts.Journal": _inner(
        Fate.KEPT, "The books have to add up.", "Each of the person's lines has its journal beside it."
    ),
    "accounts.Posting": _kept("money/postings"),
    "accounts.Balance": _kept("money/balances"),
    "accounts.Hold": _inner(
        Fate.KEPT, "The books have to add up.", "What is held stands in the balances; a hold is of many."
    ),
    "accounts.Transfer": _emptied(
        "money/transfers", "The books have to add up; what operators noted of it is taken out."
    ),
    "accounts.OperatorRequest": _emptied(
        "account/changes_by_operators", "Who decided stays; addresses and reasons go."
    ),
    "accounts.Vouching": _inner(Fate.KEPT, BY_OPERATORS, "It is of operators."),
    "accounts.AuditEntry": _inner(
        Fate.KEPT, "It is chained: nothing can be taken out of it.", "It is of what operators did."
    ),
    "accounts.AuditHead": OF_THE_PLATFORM,
    "accounts.Archive": _emptied("account/archives", "That there was one stays; its file goes."),
    "accounts.ArchiveFile": _inner(Fate.REMOVED, "It is everything in one place.", "It is the archive itself."),
    "accounts.Erasure": _emptied("account/erasures", "That it was asked for and done has to be shown."),
    "copytrading.Market": OF_THE_MARKET,
    "copytrading.SourcePrice": OF_THE_MARKET,
    "copytrading.Mark": OF_THE_MARKET,
    "copytrading.MarkRange": OF_THE_MARKET,
    "copytrading.ScheduledRun": OF_THE_PLATFORM,
    "copytrading.Lead": _emptied("lead/leads", "Followers' copies refer to it; it becomes a former lead."),
    "copytrading.LeadHolding": _kept("lead/holdings", OF_THE_LEAD),
    "copytrading.UntradedHolding": _kept("lead/untraded_holdings", OF_THE_LEAD),
    "copytrading.LeadCalm": _inner(Fate.KEPT, OF_THE_LEAD, "It is what the last look counted with."),
    "copytrading.LeadPosition": _kept("lead/positions", OF_THE_LEAD),
    "copytrading.LeadOrder": _kept("lead/orders", OF_THE_LEAD),
    "copytrading.LeadNotice": _emptied("lead/notices", "Followers were told something; what it said is taken out."),
    "copytrading.Invitation": _emptied(
        "lead/invitations", "Copies that came by it have their rate from it; what the lead called it is taken out."
    ),
    "copytrading.LeadFlow": _kept("lead/flows"),
    "copytrading.LeadRecord": _kept("lead/records", OF_THE_LEAD),
    "copytrading.LeadSummary": _inner(Fate.KEPT, OF_THE_LEAD, "It is counted from the records, which stand there."),
    "copytrading.LeadWeights": _kept("lead/weights", OF_THE_LEAD),
    "copytrading.LeadStatusChange": _kept("lead/status_changes", OF_THE_LEAD),
    "copytrading.LeadSnapshot": _inner(Fate.KEPT, OF_THE_LEAD, "It is what gaps are measured from."),
    "copytrading.LeadOutline": _inner(Fate.KEPT, OF_THE_LEAD, "It repeats the holdings of a moment."),
    "copytrading.LinkedAccount": _emptied(
        "lead/linked_accounts", "That one was linked explains trades; key and mark go."
    ),
    "copytrading.OwnAccount": _emptied("copies/own_accounts", "That one was connected explains trades; the key goes."),
    "copytrading.OwnHolding": _removed("copies/own_account_holdings"),
    "copytrading.AccountMove": _kept("lead/account_moves", OF_THE_LEAD),
    "copytrading.ObservedTrade": _kept("lead/observed_trades", OF_THE_LEAD),
    "copytrading.Favourite": _removed("copies/favourites"),
    "copytrading.GateQuestion": _emptied("admission/questions_to_the_check", "That it was asked stays; whom goes."),
    "copytrading.GateCase": _emptied("admission/cases", "That it was decided stays; about whom goes."),
    "copytrading.ConsentGiven": _kept("admission/consents", "What was agreed to has to be shown as long as the books."),
    "copytrading.SuitabilityAnswer": _kept("admission/suitability", "Why somebody was let in has to be shown."),
    "copytrading.FirstWish": _kept("admission/first_wish", "Why somebody was let in has to be shown."),
    "copytrading.Admission": _kept("admission/admissions", "Why somebody was let in has to be shown."),
    "copytrading.LossFigure": OF_THE_PLATFORM,
    "copytrading.JurisdictionChange": _emptied(
        "admission/jurisdictions", "Whose rules counted stays; the reason goes."
    ),
    "copytrading.Copy": _kept("copies/copies"),
    "copytrading.ReferenceHolder": OF_THE_PLATFORM,
    "copytrading.OwnSeat": _inner(
        Fate.KEPT, "It says how far a copy had come, by numbers.", "Trades and copies tell the same in words."
    ),
    "copytrading.CopyBaseline": _kept("copies/held_before"),
    "copytrading.CopyFlow": _kept("copies/flows"),
    "copytrading.ProfitShare": _kept("copies/profit_shares"),
    "copytrading.CopyFlag": _inner(
        Fate.REMOVED, "It says whom somebody is like.", "It is about somebody else as well."
    ),
    "copytrading.CopyRoster": _inner(Fate.KEPT, OF_MANY, "It is of many; the person's part is in copies/worth."),
    "copytrading.CopyRecord": _kept("copies/worth", OF_MANY),
    "copytrading.CopyGap": _kept("copies/gaps"),
    "copytrading.CopyGapRecord": _kept("copies/gap_records"),
    "copytrading.PriceBar": OF_THE_MARKET,
    "copytrading.SyncCycle": _inner(Fate.KEPT, OF_THE_LEAD, "It is of a lead and all followers together."),
    "copytrading.Order": _inner(Fate.KEPT, OF_MANY, "It is of many; the person's part is in money/shares_of_fills."),
    "copytrading.Fill": _inner(Fate.KEPT, OF_MANY, "It is of many; the person's part is in money/shares_of_fills."),
    "copytrading.Allocation": _kept("money/shares_of_fills"),
    "copytrading.Adjustment": _kept("copies/adjustments"),
    "copytrading.ManualOrder": _kept("money/orders_by_hand"),
    "copytrading.LimitOrder": _kept("money/limit_orders"),
    "copytrading.LossLimit": _removed("copies/loss_limit"),
    "copytrading.Notice": _removed("notices/notices"),
    "copytrading.PushSubscription": _removed("notices/push"),
    "copytrading.Delivery": _removed("notices/deliveries"),
    "copytrading.NoticeHabits": _removed("notices/habits"),
    "copytrading.NoticeSwitch": _removed("notices/switches"),
    "copytrading.KnownDevice": _removed("account/browsers"),
    "copytrading.Announcement": _inner(Fate.NOBODYS, "It is said to everybody.", "It is nobody's."),
    "copytrading.AnnouncementClosing": _kept("notices/closed_announcements", "It names a person by number only."),
    "copytrading.Complaint": _emptied("complaints/complaints", "That it was dealt with in time has to be shown."),
    "copytrading.ComplaintStep": _emptied("complaints/steps", "That it was dealt with in time has to be shown."),
    "copytrading.PersonNote": _inner(
        Fate.EMPTIED, "That there was one stays; its words go.", "It is of operators among themselves."
    ),
    "copytrading.MoneyUnderCopy": _inner(Fate.NOBODYS, OF_MANY, "It is nobody's."),
    "copytrading.RuleChange": _inner(Fate.KEPT, BY_OPERATORS, "It is of operators."),
    "copytrading.Heartbeat": OF_THE_PLATFORM,
    "copytrading.Halt": _inner(Fate.EMPTIED, "Names in a reason are taken out.", "It is of operators."),
    "copytrading.Alarm": _inner(Fate.EMPTIED, "Names in a sentence are taken out.", "It is of the platform's running."),
    "copytrading.Correction": _inner(
        Fate.EMPTIED, "Names in a reason are taken out.", "Its journal is in money/postings."
    ),
    "copytrading.CoinVerdict": _inner(Fate.KEPT, BY_OPERATORS, "It is of coins."),
    "copytrading.CustodyDifference": OF_THE_PLATFORM,
    "copytrading.Restore": OF_THE_PLATFORM,
    "copytrading.TradeCheckpoint": OF_THE_MARKET,
    "copytrading.Webhook": _removed("webhooks/webhooks"),
    "copytrading.WebhookDelivery": _removed("webhooks/deliveries"),
    "copytrading.WebhookAttempt": _removed("webhooks/attempts"),
    "paper.PaperMarket": OF_THE_MARKET,
    "paper.PaperOrder": OF_THE_MARKET,
    "paper.PaperTrade": OF_THE_MARKET,
    "paper.PaperBalance": OF_THE_MARKET,
    "paper.PaperTransfer": _inner(
        Fate.KEPT, "It is the venue's, by a transfer's number.", "It repeats money/transfers."
    ),
    "paper.PaperKey": _inner(Fate.KEPT, "It is the paper venue's, and names nobody.", "It opens a door."),
    "paper.PaperRecount": OF_THE_MARKET,
    "admin.LogEntry": _inner(Fate.EMPTIED, "Names in it are taken out.", "It is of what operators did."),
    "auth.Permission": OF_THE_PLATFORM,
    "auth.Group": OF_THE_PLATFORM,
    "contenttypes.ContentType": OF_THE_PLATFORM,
    "sessions.Session": _inner(
        Fate.REMOVED, "It is a way in.", "It is a way in; account/sessions says which there are."
    ),
    "account.EmailAddress": _removed("account/addresses"),
    "account.EmailConfirmation": _inner(Fate.REMOVED, "It is a way in.", "It is a way in."),
    "mfa.Authenticator": _removed("account/second_factors"),
    "usersessions.UserSession": _removed("account/sessions"),
}

CHAINED = "The audit is append-only and chained; what it says of whom stands there for good."
LEFT: dict[str, str] = {
    "accounts_auditentry.words": CHAINED,
    "accounts_auditentry.before": CHAINED,
    "accounts_auditentry.after": CHAINED,
    "accounts_auditentry.reason": CHAINED,
    "accounts_auditentry.address": CHAINED,
    "accounts_requestkey.words": "What a follower's key stands for is kept for ever, and may name the lead.",
    "accounts_idempotentrequest.response_body": "Answers to others may name the lead; KEEP_ANSWERS_DAYS takes them.",
    "copytrading_webhookdelivery.payload": "What others were sent may name the lead; WEBHOOK_LOG_DAYS takes it.",
}
