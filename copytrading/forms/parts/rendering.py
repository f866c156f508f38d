"""How the site draws its forms: after an answer that did not fit, the browser stands at the first wrong field."""

from typing import Any

from django.forms import BoundField, Widget
from django.forms.renderers import DjangoTemplates


class FocusedField(BoundField):
    """A field that takes the focus where it is the first that is wrong: on a phone it may lie far down the page."""

    def build_widget_attrs(self, attrs: dict[str, Any], widget: Widget | None = None) -> dict[str, Any]:
        built: dict[str, Any] = super().build_widget_attrs(attrs, widget)
        is_hidden = (widget or self.field.widget).is_hidden
        if self.form.is_bound and not is_hidden and self.name == self._first_wrong_name():
            built["autofocus"] = True
        return built

    def _first_wrong_name(self) -> str | None:
        return next((name for name in self.form.fields if name in self.form.errors), None)


class FormRenderer(DjangoTemplates):
    bound_field_class = FocusedField
