"""Numbers as programs write them: plain digits, and never more of them than can be meant."""

from typing import Any

from rest_framework import serializers


class WholeNumberField(serializers.IntegerField):
    """A whole number in the digits 0 to 9; what Python also reads as one is none."""

    def to_internal_value(self, said: Any) -> int:
        text = str(said)
        if isinstance(said, bool | float) or not (text.isascii() and text.removeprefix("-").isdigit()):
            self.fail("invalid")
        return int(super().to_internal_value(text))
