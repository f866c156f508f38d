"""What operators type into the one field that looks through everything."""

from django import forms

TEXT_LENGTH_MAX = 100


class SearchForm(forms.Form):
    """What is looked for; what it can mean is said where it is nothing."""

    q = forms.CharField(
        label="Search everything",
        max_length=TEXT_LENGTH_MAX,
        error_messages={
            "required": "Write what you look for: a number, or how an e-mail address, a lead’s name, the id of an"
            " order, the key of a journal or the name of a coin begins.",
            "max_length": f"Write at most {TEXT_LENGTH_MAX} characters: the beginning of an id or a name is enough.",
        },
    )
