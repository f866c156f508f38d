"""What operators see and do. Every act is a service, the same one that the other doors use; tables are only read."""

from copytrading.admin.copies import (
    AdjustmentAdmin,
    CopyAdmin,
    CopyBaselineAdmin,
    CopyFlowAdmin,
    CopyRecordAdmin,
    NoticeAdmin,
    ProfitShareAdmin,
)
from copytrading.admin.leads import (
    LeadAdmin,
    LeadFlowAdmin,
    LeadHoldingAdmin,
    LeadOrderAdmin,
    LeadPositionAdmin,
    LeadRecordAdmin,
)
from copytrading.admin.market import MarkAdmin, MarketAdmin, ScheduledRunAdmin
from copytrading.admin.trading import (
    AllocationAdmin,
    FillAdmin,
    ManualOrderAdmin,
    OrderAdmin,
    SyncCycleAdmin,
)

__all__ = [
    "AdjustmentAdmin",
    "AllocationAdmin",
    "CopyAdmin",
    "CopyBaselineAdmin",
    "CopyFlowAdmin",
    "CopyRecordAdmin",
    "FillAdmin",
    "LeadAdmin",
    "LeadFlowAdmin",
    "LeadHoldingAdmin",
    "LeadOrderAdmin",
    "LeadPositionAdmin",
    "LeadRecordAdmin",
    "ManualOrderAdmin",
    "MarkAdmin",
    "MarketAdmin",
    "NoticeAdmin",
    "OrderAdmin",
    "ProfitShareAdmin",
    "ScheduledRunAdmin",
    "SyncCycleAdmin",
]
