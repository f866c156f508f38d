"""
Tables and constraints; no behaviour.

Read: market, leads, links, own_accounts, invitations, copies, loss_limits, trading, limit_orders, gaps, history,
notices, webhooks, records, safety, running, rules, admission.
"""

from copytrading.models.admission import (
    Admission,
    ConsentGiven,
    FirstWish,
    GateAct,
    GateCase,
    GateQuestion,
    JurisdictionChange,
    LossFigure,
    SuitabilityAnswer,
)
from copytrading.models.copies import (
    Copy,
    CopyBaseline,
    CopyFlag,
    CopyFlow,
    CopyRecord,
    CopyRoster,
    OwnSeat,
    ProfitShare,
    ReferenceHolder,
)
from copytrading.models.desk import Announcement, AnnouncementClosing, Complaint, ComplaintStep, PersonNote
from copytrading.models.gaps import CopyGap, CopyGapRecord, LeadSnapshot
from copytrading.models.history import ObservedTrade, PriceBar
from copytrading.models.invitations import Invitation
from copytrading.models.leads import (
    Favourite,
    Lead,
    LeadCalm,
    LeadFlow,
    LeadHolding,
    LeadNotice,
    LeadOrder,
    LeadPosition,
    LeadRecord,
    UntradedHolding,
)
from copytrading.models.limit_orders import LimitOrder
from copytrading.models.links import AccountMove, LinkedAccount
from copytrading.models.loss_limits import LossLimit
from copytrading.models.market import Mark, Market, MarkRange, ScheduledRun, SourcePrice
from copytrading.models.notices import (
    Delivery,
    KnownDevice,
    LeadOutline,
    Notice,
    NoticeHabits,
    NoticeSwitch,
    PushSubscription,
)
from copytrading.models.own_accounts import OwnAccount, OwnHolding
from copytrading.models.records import LeadStatusChange, LeadSummary, LeadWeights, MoneyUnderCopy
from copytrading.models.rules import RuleChange
from copytrading.models.running import Heartbeat
from copytrading.models.safety import Alarm, CoinVerdict, Correction, CustodyDifference, Halt, Restore, TradeCheckpoint
from copytrading.models.trading import Adjustment, Allocation, Fill, ManualOrder, Order, SyncCycle
from copytrading.models.webhooks import Webhook, WebhookAttempt, WebhookDelivery

__all__ = [
    "AccountMove",
    "Adjustment",
    "Admission",
    "Alarm",
    "Allocation",
    "Announcement",
    "AnnouncementClosing",
    "CoinVerdict",
    "Complaint",
    "ComplaintStep",
    "ConsentGiven",
    "Copy",
    "CopyBaseline",
    "CopyFlag",
    "CopyFlow",
    "CopyGap",
    "CopyGapRecord",
    "CopyRecord",
    "CopyRoster",
    "Correction",
    "CustodyDifference",
    "Delivery",
    "Favourite",
    "Fill",
    "FirstWish",
    "GateAct",
    "GateCase",
    "GateQuestion",
    "Halt",
    "Heartbeat",
    "Invitation",
    "JurisdictionChange",
    "KnownDevice",
    "Lead",
    "LeadCalm",
    "LeadFlow",
    "LeadHolding",
    "LeadNotice",
    "LeadOrder",
    "LeadOutline",
    "LeadPosition",
    "LeadRecord",
    "LeadSnapshot",
    "LeadStatusChange",
    "LeadSummary",
    "LeadWeights",
    "LimitOrder",
    "LinkedAccount",
    "LossFigure",
    "LossLimit",
    "ManualOrder",
    "Mark",
    "MarkRange",
    "Market",
    "MoneyUnderCopy",
    "Notice",
    "NoticeHabits",
    "NoticeSwitch",
    "ObservedTrade",
    "Order",
    "OwnAccount",
    "OwnHolding",
    "OwnSeat",
    "PersonNote",
    "PriceBar",
    "ProfitShare",
    "PushSubscription",
    "ReferenceHolder",
    "Restore",
    "RuleChange",
    "ScheduledRun",
    "SourcePrice",
    "SuitabilityAnswer",
    "SyncCycle",
    "TradeCheckpoint",
    "UntradedHolding",
    "Webhook",
    "WebhookAttempt",
    "WebhookDelivery",
]
