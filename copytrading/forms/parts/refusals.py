"""A service's no, shown where it belongs: beside its field, or above the form."""

from django import forms
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext, gettext_noop

from copytrading.services.refusals import Refusal

PAGES = {"consents": gettext_noop("To the texts"), "suitability": gettext_noop("To the questions")}


def refuse(form: forms.BaseForm, refusal: Refusal) -> None:
    """Put a refusal beside the field it is about. The form must be bound; what was typed stays."""
    form.add_error(refusal.field if refusal.field in form.fields else None, said(refusal))


def said(refusal: Refusal) -> str:
    """Return what a refusal says, with a link to the page on which what is missing can be given."""
    if not refusal.page:
        return str(refusal)
    return format_html('{} <a href="{}">{}</a>', str(refusal), reverse(refusal.page), gettext(PAGES[refusal.page]))
