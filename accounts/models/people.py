"""A person signs in by e-mail; there is no user name to remember, to choose or to leak."""

from typing import Any, ClassVar

from django.contrib.auth.base_user import BaseUserManager
from django.contrib.auth.models import AbstractUser
from django.db import models
from django.db.models.functions import Lower
from django.utils.crypto import salted_hmac


class UserManager(BaseUserManager["User"]):
    """Creates people by e-mail, the way Django's commands and forms expect."""

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        if not email:
            raise ValueError("A user needs an e-mail address.")
        user = self.model(email=self.normalize_email(email).lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "User":
        return self.create_user(email, password, **{"is_staff": True, "is_superuser": True, **fields})


class User(AbstractUser):
    """Somebody who follows, leads or operates; one person, one account, one main wallet."""

    username = None  # type: ignore[assignment]
    email = models.EmailField(unique=True)
    # Counts how often all sessions and tokens were ended; each of them was made with the number of its time.
    sessions_ended = models.PositiveIntegerField(default=0, editable=False)
    # How the person is written to: a language of settings.LANGUAGES, and a zone of the tz database.
    language = models.CharField(max_length=10, default="en", db_default="en")
    time_zone = models.CharField(max_length=64, default="UTC", db_default="UTC")
    # Whose rules count for them, by the name of its pack; empty where nobody has said: then the installation's count.
    jurisdiction = models.CharField(max_length=20, blank=True, default="", db_default="")

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    objects: ClassVar[UserManager] = UserManager()  # type: ignore[assignment]

    class Meta:
        constraints = (models.UniqueConstraint(Lower("email"), name="one_user_per_email"),)

    def __str__(self) -> str:
        return self.email

    def _get_session_auth_hash(self, secret: str | None = None) -> str:
        """Return what a session or token has to have been made with to be good: the password, and the count above."""
        said = f"{self.password}:{self.sessions_ended}"
        return salted_hmac("accounts.session_auth_hash", said, secret=secret, algorithm="sha256").hexdigest()


class IdempotentRequest(models.Model):
    """The answer once given to a write that carried an `Idempotency-Key`, so that a retry gets the same one."""

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    key = models.CharField(max_length=80)
    request_hash = models.CharField(max_length=64)
    response_status = models.PositiveSmallIntegerField(null=True)
    # The stored answer is a document for the client, never read by us: the one place where JSON is the right column.
    response_body = models.JSONField(null=True)
    created_at = models.DateTimeField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=["user", "key"], name="one_answer_per_key"),)

    def __str__(self) -> str:
        return self.key


class RequestKey(models.Model):
    """
    What a person used a key for. A key stands for one request for ever; the row is never changed.

    `request_hash` is of all of the request, and empty where it was made before that was kept: then `words` is all that
    is known of it. `words` names it to the person, as "an increase of 500.00 USDT".
    """

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", db_index=False)
    key = models.CharField(max_length=80)
    request_hash = models.CharField(max_length=64, blank=True)
    words = models.CharField(max_length=200)
    used_at = models.DateTimeField()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["user", "key"], name="one_request_per_key"),
            models.CheckConstraint(condition=~models.Q(key=""), name="a_key_has_characters"),
        )

    def __str__(self) -> str:
        return self.key
