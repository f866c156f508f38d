"""
How money looks outside: decimal strings, exact to the last unit. Inside it is whole units; a float is in neither.
"""

import re
from decimal import Context, Decimal
from typing import Any

from django.utils.translation import gettext
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from copytrading.queries.rules import CASH_DECIMALS

# Ten digits of whole coins and eight of fractions fit what the ledger can count.
COINS_DIGITS_MAX = 10
FRACTION_PLACES = 6
FRACTION = re.compile(r"[0-9]{1,9}(\.[0-9]{1,8})?")
PRICE = re.compile(r"[0-9]{1,12}(\.[0-9]{1,12})?")
AVERAGE = Context(prec=8)


def decimal_text(units: int, *, decimals: int, places_min: int = 0) -> str:
    """Return units as a decimal string: exact, and with no more places than it takes, but for places_min."""
    coins, rest = divmod(abs(units), 10**decimals)
    fraction = f"{rest:0{decimals}d}".rstrip("0") if decimals else ""
    fraction = fraction.ljust(places_min, "0")
    return f"{'-' if units < 0 else ''}{coins}{'.' + fraction if fraction else ''}"


def units_from_text(text: Any, *, decimals: int) -> int:
    """
    Return the units that a decimal string names.

    :raises ValidationError: if it is not a string of digits, or finer than one unit, or more than can be counted.
    """
    if not isinstance(text, str):
        raise serializers.ValidationError('Send a decimal number as a string, as in "1000.00".')
    coins, point, fraction = text.partition(".")
    is_number = (coins + fraction).isascii() and coins.isdigit() and (fraction.isdigit() or not point)
    if not is_number:
        raise serializers.ValidationError('Send a decimal number as a string, as in "1000.00".')
    if len(coins) > COINS_DIGITS_MAX:
        raise serializers.ValidationError(
            gettext("There can be %(most)s digits before the point at most.") % {"most": COINS_DIGITS_MAX}
        )
    if len(fraction) > decimals:
        raise serializers.ValidationError(
            gettext("There can be %(most)s digits after the point at most.") % {"most": decimals}
        )
    return int(coins) * 10**decimals + int((fraction or "0").ljust(decimals, "0"))


@extend_schema_field(
    {"type": "string", "format": "decimal", "pattern": r"^-?[0-9]+\.[0-9]{2,8}$", "example": "1000.00"}
)
class MoneyField(serializers.Field):
    """Quote units inside, money outside."""

    def to_representation(self, units: int) -> str:
        return decimal_text(units, decimals=CASH_DECIMALS, places_min=2)


@extend_schema_field(
    {"type": "string", "format": "decimal", "pattern": r"^[0-9]{1,10}(\.[0-9]{1,8})?$", "example": "1000.00"}
)
class MoneyInputField(serializers.Field):
    """Money that somebody names, as quote units."""

    def to_internal_value(self, text: Any) -> int:
        return units_from_text(text, decimals=CASH_DECIMALS)

    def to_representation(self, units: int) -> str:
        return decimal_text(units, decimals=CASH_DECIMALS, places_min=2)


@extend_schema_field({"type": "string", "format": "decimal", "pattern": r"^-?[0-9]+(\.[0-9]+)?$", "example": "0.4182"})
class QuantityField(serializers.Field):
    """Units of a coin inside, coins outside. Reads two attributes of a row: the units, and the decimals beside them."""

    def __init__(self, *, units: str = "units", decimals: str = "decimals", **options: Any) -> None:
        super().__init__(source="*", read_only=True, **options)
        self._units, self._decimals = units, decimals

    def to_representation(self, row: Any) -> str:
        return decimal_text(_attribute(row, self._units), decimals=_attribute(row, self._decimals))


@extend_schema_field({"type": "string", "format": "decimal", "pattern": r"^-?[0-9]+(\.[0-9]+)?$", "example": "142.31"})
class PriceField(serializers.Field):
    """Quote currency for one coin: as it is, or an average, rounded to what can be read."""

    def __init__(self, *, is_average: bool = False, **options: Any) -> None:
        super().__init__(**options)
        self._is_average = is_average

    def to_representation(self, price: Decimal) -> str:
        # The quotient of two sums of whole units has digits without end; money is in the sums.
        shown = AVERAGE.plus(price) if self._is_average else price
        return f"{shown.normalize():f}"


@extend_schema_field(
    {"type": "string", "format": "decimal", "pattern": r"^-?[0-9]+(\.[0-9]{1,6})?$", "example": "0.125"}
)
class FractionField(serializers.Field):
    """A share, "0.125" for an eighth, or another figure to look at; to six places, and never money."""

    def to_representation(self, fraction: float) -> str:
        text = f"{float(fraction):.{FRACTION_PLACES}f}".rstrip("0").rstrip(".")
        return "0" if text == "-0" else text


@extend_schema_field(
    {"type": "string", "format": "decimal", "pattern": r"^[0-9]{1,9}(\.[0-9]{1,8})?$", "example": "0.25"}
)
class FractionInputField(serializers.Field):
    """A share that somebody names, as a decimal string; a float inside, since it decides and moves nothing."""

    def __init__(self, *, least: float = 0.0, most: float = 1.0, **options: Any) -> None:
        super().__init__(**options)
        self._least, self._most = least, most

    def to_internal_value(self, text: Any) -> float:
        if not isinstance(text, str) or not FRACTION.fullmatch(text):
            raise serializers.ValidationError('Send a decimal number as a string, as in "0.25".')
        fraction = float(text)
        if not self._least <= fraction <= self._most:
            raise serializers.ValidationError(
                gettext("It can be %(least)s to %(most)s.") % {"least": f"{self._least:g}", "most": f"{self._most:g}"}
            )
        return fraction

    def to_representation(self, fraction: float) -> str:
        return FractionField().to_representation(fraction)


@extend_schema_field(
    {"type": "string", "format": "decimal", "pattern": r"^[0-9]{1,12}(\.[0-9]{1,12})?$", "example": "50000.01"}
)
class PriceInputField(serializers.Field):
    """A price that somebody names, exact."""

    def to_internal_value(self, text: Any) -> Decimal:
        if not isinstance(text, str) or not PRICE.fullmatch(text):
            raise serializers.ValidationError('Send a price as a string of digits, as in "50000.01".')
        return Decimal(text)

    def to_representation(self, price: Decimal) -> str:
        return f"{price.normalize():f}"


def _attribute(row: Any, path: str) -> Any:
    for name in path.split("."):
        row = getattr(row, name)
    return row
