"""What operators see and do. Every act is a service, the same one that the other doors use; tables are only read."""

from copytrading.admin.copies import (
    AdjustmentAdmin,
    CopyAdmin,
    CopyBaselineAdmin,
    CopyFlagAdmin,
    CopyFlowAdmin,
    CopyRecordAdmin,
    CopyRosterAdmin,
    NoticeAdmin,
    ProfitShareAdmin,
)
from copytrading.admin.figures import (
    CopyGapAdmin,
    CopyGapRecordAdmin,
    LeadSnapshotAdmin,
    ObservedTradeAdmin,
    PriceBarAdmin,
)
from copytrading.admin.leads import (
    LeadAdmin,
    LeadFlowAdmin,
    LeadHoldingAdmin,
    LeadNoticeAdmin,
    LeadOrderAdmin,
    LeadPositionAdmin,
    LeadRecordAdmin,
    LeadStatusChangeAdmin,
    LeadSummaryAdmin,
)
from copytrading.admin.links import AccountMoveAdmin, LinkedAccountAdmin, UntradedHoldingAdmin
from copytrading.admin.market import MarkAdmin, MarketAdmin, MarkRangeAdmin, ScheduledRunAdmin
from copytrading.admin.safety import (
    AlarmAdmin,
    CorrectionAdmin,
    CustodyDifferenceAdmin,
    HaltAdmin,
    HeartbeatAdmin,
    TradeCheckpointAdmin,
)
from copytrading.admin.trading import (
    AllocationAdmin,
    FillAdmin,
    ManualOrderAdmin,
    OrderAdmin,
    SyncCycleAdmin,
)
from copytrading.admin.transfers import TransferAdmin

__all__ = [
    "AccountMoveAdmin",
    "AdjustmentAdmin",
    "AlarmAdmin",
    "AllocationAdmin",
    "CopyAdmin",
    "CopyBaselineAdmin",
    "CopyFlagAdmin",
    "CopyFlowAdmin",
    "CopyGapAdmin",
    "CopyGapRecordAdmin",
    "CopyRecordAdmin",
    "CopyRosterAdmin",
    "CorrectionAdmin",
    "CustodyDifferenceAdmin",
    "FillAdmin",
    "HaltAdmin",
    "HeartbeatAdmin",
    "LeadAdmin",
    "LeadFlowAdmin",
    "LeadHoldingAdmin",
    "LeadNoticeAdmin",
    "LeadOrderAdmin",
    "LeadPositionAdmin",
    "LeadRecordAdmin",
    "LeadSnapshotAdmin",
    "LeadStatusChangeAdmin",
    "LeadSummaryAdmin",
    "LinkedAccountAdmin",
    "ManualOrderAdmin",
    "MarkAdmin",
    "MarkRangeAdmin",
    "MarketAdmin",
    "NoticeAdmin",
    "ObservedTradeAdmin",
    "OrderAdmin",
    "PriceBarAdmin",
    "ProfitShareAdmin",
    "ScheduledRunAdmin",
    "SyncCycleAdmin",
    "TradeCheckpointAdmin",
    "TransferAdmin",
    "UntradedHoldingAdmin",
]
