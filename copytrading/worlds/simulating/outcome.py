"""What became of one seed."""

from dataclasses import dataclass, field


@dataclass(kw_only=True)
class Outcome:
    """What became of one seed. `violations` are sentences, `log` the story line by line."""

    seed: int
    events: int = 0
    crashes: int = 0
    seconds: float = 0.0
    violations: list[str] = field(default_factory=list)
    struck: dict[str, int] = field(default_factory=dict)
    log: list[str] = field(default_factory=list)

    @property
    def faults(self) -> int:
        return sum(self.struck.values())


class RuleBroken(Exception):
    """A rule does not hold; the story ends here."""

    def __init__(self, sentences: list[str]) -> None:
        super().__init__(sentences[0])
        self.sentences = sentences
