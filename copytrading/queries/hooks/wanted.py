"""What a webhook wants, as the rows that are looked for; and what the event of a notice is called."""

from copytrading.models import Notice, Webhook
from copytrading.queries.happened.activity import ADJUSTMENT, NOTICE, TRADE
from copytrading.queries.happened.happenings import ORDER
from copytrading.queries.notices.kinds import TOPICS, kinds_of

Event, Kind = Webhook.Event, Notice.Kind
EVENTS = Event.choices
STATUSES = [choice for choice in Webhook.Status.choices if choice[0] != Webhook.Status.REMOVED]
DELIVERY_STATES = [
    ("WAITING", "on its way"),
    ("DELIVERED", "taken"),
    ("GIVEN_UP", "given up"),
]
EVENT_KINDS = [TRADE, ADJUSTMENT, NOTICE, ORDER]
NUMBER_MAX = 5
ROW_KINDS = {Event.FILL: TRADE, Event.ORDER: ORDER, Event.ADJUSTMENT: ADJUSTMENT}
# The notices that are about what a copy is, and not about what happens to it.
OF_COPIES = {
    Kind.COPY_STARTED: "copy.started",
    Kind.COPY_INCREASED: "copy.increased",
    Kind.COPY_REDUCED: "copy.reduced",
    Kind.COPY_PAUSED: "copy.paused",
    Kind.COPY_RESUMED: "copy.resumed",
    Kind.STOP_LOSS_CHANGED: "copy.stop_loss_changed",
    Kind.COPY_STOPPING: "copy.stopping",
    Kind.COPY_STOPPED: "copy.stopped",
}


def topic_labels() -> list[tuple[str, str]]:
    """Return the topics of notices as (name, words)."""
    return [(topic.name, topic.label) for topic in TOPICS.values()]


def topics_by_section() -> list[tuple[str, list[tuple[str, str]]]]:
    """Return the topics of notices as (name, words), section by section."""
    sections: dict[str, list[tuple[str, str]]] = {}
    for topic in TOPICS.values():
        sections.setdefault(topic.section, []).append((topic.name, topic.label))
    return list(sections.items())


def row_kinds_of(webhook: Webhook) -> list[str]:
    """Return the kinds of rows, beside notices, that a webhook is told of."""
    return [kind for event, kind in ROW_KINDS.items() if event in webhook.events]


def notice_kinds_of(webhook: Webhook) -> list[str]:
    """Return the kinds of notices that a webhook is told of."""
    of_copies = [str(kind) for kind in OF_COPIES] if Event.COPY in webhook.events else []
    return list(dict.fromkeys(of_copies + kinds_of(set(webhook.topics))))


def type_of_notice(kind: str) -> str:
    """Return what the event of a notice is called."""
    return OF_COPIES.get(kind, f"notice.{kind.lower()}")  # type: ignore[call-overload]
