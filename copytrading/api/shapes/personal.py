"""One's own data: archives of it, and the erasure of the account."""

from rest_framework import serializers


class ArchiveShape(serializers.Serializer):
    """An archive of everything that is kept of the person."""

    id = serializers.IntegerField(source="pk")
    asked_at = serializers.DateTimeField()
    made_at = serializers.DateTimeField(allow_null=True, help_text="Null while it is being made.")
    kept_until = serializers.DateTimeField(allow_null=True, help_text="It can be fetched until then.")
    byte_count = serializers.IntegerField(allow_null=True)


class ErasureShape(serializers.Serializer):
    """Whether the account is to be erased, and what has to be settled first."""

    requested_at = serializers.DateTimeField(allow_null=True, help_text="Null where nobody asked for it.")
    due_at = serializers.DateTimeField(allow_null=True, help_text="Until then it can be taken back.")
    obstacles = serializers.ListField(
        child=serializers.CharField(), help_text="Each a sentence; nothing is erased while there is one."
    )
