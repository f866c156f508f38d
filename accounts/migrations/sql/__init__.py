"""The rules that a column cannot say, as SQL; and its functions as an earlier migration made them, for the way back."""

import re
from pathlib import Path

FOLDER = Path(__file__).parent


def as_made_by(file_name: str, *names: str) -> str:
    """Return the statements of a migration's SQL that make these functions, in the place of what is there."""
    text = (FOLDER / file_name).read_text()
    found = []
    for name in names:
        match = re.search(rf"CREATE (?:OR REPLACE )?FUNCTION ({name}\(.*?END \$\$;)", text, flags=re.DOTALL)
        assert match is not None, f"{file_name} makes no function {name}"
        found.append(f"CREATE OR REPLACE FUNCTION {match[1]}\n")
    return "".join(found)
