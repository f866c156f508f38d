"""What a key for programs may do, method by method; and what only a person may who has just proved to be it."""

from django.utils import timezone
from django.utils.translation import gettext, gettext_lazy
from rest_framework.exceptions import PermissionDenied
from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request
from rest_framework.views import APIView

from accounts import devices
from accounts.models import Device, ProgramKey


class ScopeMissing(PermissionDenied):
    """The key for programs lacks the scope that this takes. Make a key that has it."""

    default_code = "scope_missing"


class NotForKeys(PermissionDenied):
    """No key for programs may do this, whatever its scopes: a person does it on a device."""

    default_code = "not_for_keys"
    default_detail = gettext_lazy("No key may do this, whatever its scopes. Sign in on a device.")


class ConfirmationNeeded(PermissionDenied):
    """This takes a proof of the last five minutes that it is you. Send it to `confirm` and ask again."""

    default_code = "confirmation_needed"
    default_detail = gettext_lazy(
        "Confirm first that it is you: send your password, or a code of your second factor, to `confirm`."
    )


class WithinScopes(BasePermission):
    """
    Lets a key do what its scopes name. A view says which one a method takes; reading takes `read`.

    What a view does not name is for nobody's key: a new address is closed to programs until somebody opens it.
    """

    def has_permission(self, request: Request, view: APIView) -> bool:
        key = request.auth
        if not isinstance(key, ProgramKey):
            return True
        needed = view.scopes.get(request.method, "read" if request.method in SAFE_METHODS else "")
        if not needed:
            raise NotForKeys
        if needed not in key.scopes:
            raise ScopeMissing(gettext("This takes a key with the scope %(scope)s.") % {"scope": needed})
        return True


class JustConfirmed(BasePermission):
    """Lets a person in who has proved in the last minutes, on this device, to be it; no key ever. All may read."""

    is_for_reading = False

    def has_permission(self, request: Request, view: APIView) -> bool:
        if request.method in SAFE_METHODS and not self.is_for_reading:
            return True
        if not isinstance(request.auth, Device):
            raise NotForKeys
        if not devices.is_confirmed(request.auth, now=timezone.now()):
            raise ConfirmationNeeded
        return True


class JustConfirmedToRead(JustConfirmed):
    """The same where reading is what takes the proof."""

    is_for_reading = True
