"""Tables and constraints; no behaviour. Read them in the order market, leads, copies, trading."""

from copytrading.models.copies import Copy, CopyBaseline, CopyFlag, CopyFlow, CopyRecord, Notice, ProfitShare
from copytrading.models.leads import Lead, LeadFlow, LeadHolding, LeadNotice, LeadOrder, LeadPosition, LeadRecord
from copytrading.models.market import Mark, Market, ScheduledRun
from copytrading.models.records import LeadStatusChange, LeadSummary
from copytrading.models.trading import Adjustment, Allocation, Fill, ManualOrder, Order, SyncCycle

__all__ = [
    "Adjustment",
    "Allocation",
    "Copy",
    "CopyBaseline",
    "CopyFlag",
    "CopyFlow",
    "CopyRecord",
    "Fill",
    "Lead",
    "LeadFlow",
    "LeadHolding",
    "LeadNotice",
    "LeadOrder",
    "LeadPosition",
    "LeadRecord",
    "LeadStatusChange",
    "LeadSummary",
    "ManualOrder",
    "Mark",
    "Market",
    "Notice",
    "Order",
    "ProfitShare",
    "ScheduledRun",
    "SyncCycle",
]
