"""A server that does not answer is told outside, whatever whoever asked it is doing meanwhile."""

from dataclasses import dataclass, field

from django.core import mail
from pytest_django import Settings

from copytrading.services.running import sirens
from copytrading.services.running.lookout import Lookout

MINUTE = 60.0


@dataclass
class Scene:
    """A server that may be away, a clock, and who is told."""

    now: float = 0.0
    is_away: bool = False
    is_heard: bool = True
    told: list[tuple[str, bool]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.lookout = Lookout(name="PostgreSQL", ask=self.ask, tell=self.tell, clock=lambda: self.now)

    def ask(self) -> None:
        if self.is_away:
            raise ConnectionRefusedError

    def tell(self, *, title: str, sentence: str, is_escalated: bool = False) -> bool:
        if self.is_heard:
            self.told.append((title, is_escalated))
        return self.is_heard

    def pass_seconds(self, seconds: int) -> None:
        for _ in range(seconds):
            self.now += 1
            if self.now % 5 == 0:
                self.lookout.ask_once()
            self.lookout.look()


class TestLookout:
    def test_tells_once_that_a_server_was_silent_for_half_a_minute(self) -> None:
        scene = Scene(is_away=True)

        scene.pass_seconds(29)
        before = list(scene.told)
        scene.pass_seconds(600)

        assert (before, scene.told) == ([], [("Alarm: PostgreSQL does not answer", False)])

    def test_tells_nothing_of_a_server_that_is_back_in_time(self) -> None:
        scene = Scene(is_away=True)

        scene.pass_seconds(20)
        scene.is_away = False
        scene.pass_seconds(600)

        assert scene.told == []

    def test_needs_no_answer_to_tell_that_none_came(self) -> None:
        scene = Scene()
        scene.now += 31

        # Whoever asks hangs: only the one who looks goes on.
        scene.lookout.look()

        assert scene.told == [("Alarm: PostgreSQL does not answer", False)]

    def test_tells_more_people_after_a_quarter_of_an_hour_and_then_every_hour(self) -> None:
        scene = Scene(is_away=True)

        scene.pass_seconds(int(140 * MINUTE))

        assert [is_escalated for _, is_escalated in scene.told] == [False, True, True, True]

    def test_says_when_it_answers_again_and_would_tell_anew(self) -> None:
        scene = Scene(is_away=True)
        scene.pass_seconds(40)

        scene.is_away = False
        scene.pass_seconds(10)
        scene.is_away = True
        scene.pass_seconds(40)

        titles = [title for title, _ in scene.told]
        assert titles == ["Alarm: PostgreSQL does not answer", "Notice: PostgreSQL answers again",
                          "Alarm: PostgreSQL does not answer"]  # fmt: skip

    def test_tries_again_what_reached_nobody(self) -> None:
        scene = Scene(is_away=True, is_heard=False)
        scene.pass_seconds(40)

        scene.is_heard = True
        scene.pass_seconds(1)

        assert len(scene.told) == 1


def test_what_is_told_directly_asks_no_database(settings: Settings) -> None:
    settings.SMARTSYNC_ALARM_MAILS = ["operators@example.org"]

    # There is none in this test: a statement would be an error.
    assert sirens.tell_directly(title="Alarm: PostgreSQL does not answer", sentence="It has not answered for 31 s.")

    (message,) = mail.outbox
    assert message.subject == "[Smart Sync] Alarm: PostgreSQL does not answer"
    assert "docs/runbook.md, section PROCESS_SILENT" in message.body
