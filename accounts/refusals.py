"""What the platform says no with: a code for machines, a sentence for people, the form field it is about."""


class Refusal(Exception):
    """
    An anticipated no. Nothing was done; the sentence says what to do instead.

    A kind of its own is declared in one line: `class NameTaken(Refusal, code="name_taken", field="name")`. What it does
    not name is its parent's. `page` is the name of the page on which what is missing can be given.
    """

    code = "refused"
    field = ""
    page = ""

    def __init_subclass__(cls, *, code: str | None = None, field: str | None = None, page: str | None = None) -> None:
        super().__init_subclass__()
        cls.code = cls.code if code is None else code
        cls.field = cls.field if field is None else field
        cls.page = cls.page if page is None else page

    def __init__(self, sentence: str, *, field: str | None = None) -> None:
        super().__init__(sentence)
        if field is not None:
            self.field = field
