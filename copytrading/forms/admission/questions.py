"""Answers before somebody copies: the questionnaire of a jurisdiction, and the jurisdiction itself."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy

from copytrading.engine.suitability.packs import Questionnaire
from copytrading.queries.admission.packs import packs


class QuestionsForm(forms.Form):
    """A question a field; `answers()` are the names that were chosen."""

    def __init__(self, *arguments: Any, questionnaire: Questionnaire, **options: Any) -> None:
        super().__init__(*arguments, **options)
        for question in questionnaire.questions:
            self.fields[question.name] = forms.ChoiceField(
                label=question.text,
                choices=[(choice.name, choice.text) for choice in question.choices],
                widget=forms.RadioSelect,
                error_messages={
                    "required": gettext_lazy("Choose an answer."),
                    "invalid_choice": gettext_lazy("Choose one of the answers that are offered."),
                },
            )

    def answers(self) -> dict[str, str]:
        return {name: str(value) for name, value in self.cleaned_data.items()}


class JurisdictionForm(forms.Form):
    """Whose rules count, as somebody says once."""

    jurisdiction = forms.ChoiceField(
        label=gettext_lazy("Where you live"),
        choices=lambda: [(pack.name, pack.label) for pack in packs()],
        error_messages={
            "required": gettext_lazy("Choose where you live."),
            "invalid_choice": gettext_lazy("Choose one of those that are offered."),
        },
    )
