"""A column of many whole numbers, written as they are."""

from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import models


class WholeNumbersField(ArrayField):
    """
    An array of bigint, in the database the same as ArrayField(BigIntegerField()).

    ArrayField prepares one number after the other, which for the participants of an order takes longer than to write
    them; the driver takes a list of int, or an array of int64 (accounts.database.array_parameters), as it is, and the
    database refuses anything else.
    """

    def __init__(self, base_field: "models.Field[Any, Any] | None" = None, **options: Any) -> None:
        super().__init__(base_field or models.BigIntegerField(), **options)

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:
        return value

    def deconstruct(self) -> Any:
        name, _, arguments, options = super().deconstruct()
        # Migrations need not know: the column is the same.
        return name, "django.contrib.postgres.fields.ArrayField", arguments, options
