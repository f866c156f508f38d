"""Every status and kind that an interface shows, as (value, words), for those who may not look at the tables."""

from copytrading.engine.sizing import registry
from copytrading.models import (
    AccountMove,
    Copy,
    CopyFlow,
    Lead,
    LeadOrder,
    LeadStatusChange,
    LimitOrder,
    LinkedAccount,
    Notice,
    Order,
    OwnAccount,
    ProfitShare,
)

ACCOUNT_MOVE = AccountMove.Kind.choices
COPY = Copy.Status.choices
STOP_REASON = Copy.StopReason.choices
FLOW = CopyFlow.Status.choices
FLOW_KIND = CopyFlow.Kind.choices
LEAD = Lead.Status.choices
# What a lead has begun to do: a status, or a change of the terms that everybody should know.
LEAD_EVENT = [*LEAD, *(choice for choice in LeadStatusChange.What.choices if choice[0] not in dict(LEAD))]
LEAD_SOURCE = Lead.Source.choices
WEIGHTS_SHOWN = Lead.WeightsShown.choices
LEAD_ORDER = LeadOrder.Status.choices
LEAD_ORDER_TYPE = LeadOrder.OrderType.choices
LIMIT_ORDER = LimitOrder.Status.choices
LIMIT_ENDED_BECAUSE = [choice for choice in LimitOrder.Why.choices if choice[0]]
LINK = LinkedAccount.Status.choices
MODE = [(mode.name, mode.label) for mode in registry.modes()]
RATIO_MODE = [(mode.name, mode.label) for mode in registry.modes() if mode.holds_ratios]
NOTICE_KIND = Notice.Kind.choices
ORDER = Order.Status.choices
OWN_ACCOUNT = OwnAccount.Status.choices
SHARE_KIND = ProfitShare.Kind.choices
