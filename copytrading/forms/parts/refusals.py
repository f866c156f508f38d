"""A service's no, shown where it belongs: beside its field, or above the form."""

from django import forms

from copytrading.services.refusals import Refusal


def refuse(form: forms.BaseForm, refusal: Refusal) -> None:
    """Put a refusal beside the field it is about. The form must be bound; what was typed stays."""
    form.add_error(refusal.field if refusal.field in form.fields else None, str(refusal))
