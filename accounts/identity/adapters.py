"""What the sign-in library is told to do our way."""

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest

from accounts.addresses import client_address


class AccountAdapter(DefaultAccountAdapter):
    """How people of this portal sign up and in."""

    def get_client_ip(self, request: HttpRequest) -> str:
        """Return where a request comes from; what it says of itself counts only where a proxy of ours says it."""
        return client_address(request)
