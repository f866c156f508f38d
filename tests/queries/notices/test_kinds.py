"""The registry holds kinds, topics and words together."""

from copytrading.models import Notice
from copytrading.queries.notices.kinds import KINDS, TOPICS


class TestKinds:
    def test_know_every_kind_and_no_other(self) -> None:
        assert set(KINDS) == set(Notice.Kind.values)

    def test_belong_to_topics_that_there_are(self) -> None:
        assert {known.topic for known in KINDS.values()} == set(TOPICS)

    def test_let_nobody_switch_off_what_guards_the_account(self) -> None:
        fixed = {name for name, topic in TOPICS.items() if topic.is_fixed}

        assert fixed == {"SECURITY", "OWN_DATA"}
        assert all(topic.is_urgent and topic.mail and topic.push for name, topic in TOPICS.items() if name in fixed)
