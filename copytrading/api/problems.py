"""
What the API answers when something is refused: 409, with the code and the very sentence that the portal shows; 422
where it is the key that was used for something else.
"""

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext
from rest_framework import status
from rest_framework.response import Response

from accounts.api.problems import problem, problem_of
from copytrading.services.refusals import KeyReused, Refusal


def exception_handler(error: Exception, context: dict[str, Any]) -> Response | None:
    """Return the problem for an anticipated error; None lets an unanticipated one be the server error that it is."""
    if isinstance(error, Refusal):
        is_about_the_key = isinstance(error, KeyReused)
        status_code = status.HTTP_422_UNPROCESSABLE_ENTITY if is_about_the_key else status.HTTP_409_CONFLICT
        title = (
            gettext("%(problem)s See %(page)s.") % {"problem": error, "page": reverse(f"api:{error.page}")}
            if error.page
            else str(error)
        )
        return problem(status_code=status_code, code=error.code, title=title, field=error.field)
    return problem_of(error)
