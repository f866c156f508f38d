"""Numbers and times of day as programs write them: plain digits, and never more of them than can be meant."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers


class WholeNumberField(serializers.IntegerField):
    """A whole number in the digits 0 to 9; what Python also reads as one is none."""

    def to_internal_value(self, said: Any) -> int:
        text = str(said)
        if isinstance(said, bool | float) or not (text.isascii() and text.removeprefix("-").isdigit()):
            self.fail("invalid")
        return int(super().to_internal_value(text))


@extend_schema_field(
    {"type": "string", "pattern": r"^([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9])?$", "example": "22:00:00"}
)
class TimeOfDayField(serializers.TimeField):
    """A time by somebody's own clock, so without a zone."""

    def __init__(self, **options: Any) -> None:
        super().__init__(format="%H:%M:%S", input_formats=["%H:%M:%S", "%H:%M"], **options)
