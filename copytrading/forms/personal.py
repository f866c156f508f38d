"""What operators fill in about a person's own data: whose, and why."""

from django import forms

from copytrading.queries.operating import overview as operating

REASON_LENGTH_MAX = 200


class OnBehalfForm(forms.Form):
    """On whose behalf an operator asks for something, and why."""

    email = forms.EmailField(label="Who, by e-mail address", error_messages={"required": "Whose data is it?"})
    reason = forms.CharField(
        label="Why", max_length=REASON_LENGTH_MAX, error_messages={"required": "Others have to understand it."}
    )

    def clean_email(self) -> str:
        email: str = self.cleaned_data["email"]
        if operating.person(email=email) is None:
            raise forms.ValidationError("Nobody here has that address.")
        return email
