"""Who lives in the demo world: two operators, a follower whom everybody can sign in as, and some who copy too."""

from dataclasses import dataclass

from allauth.account.models import EmailAddress
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret

from accounts.identity.backends import PUBLISHED_PASSWORD
from accounts.models import User

PASSWORD = PUBLISHED_PASSWORD


@dataclass(frozen=True, kw_only=True)
class Login:
    """Somebody the newcomer can sign in as."""

    role: str
    email: str
    password: str


@dataclass(frozen=True, kw_only=True)
class PlannedCopy:
    """
    A copy that a demo follower starts, so many days after the demo began; values in USDT, no stop loss when None.

    Where the demo has no weeks behind it, everybody starts at once.
    """

    lead_name: str
    investment: int
    stop_loss: int | None = None
    day: int = 0


@dataclass(frozen=True, kw_only=True)
class Follower:
    """A demo follower with a deposit in USDT."""

    name: str
    deposit: int
    copies: tuple[PlannedCopy, ...]

    @property
    def email(self) -> str:
        return f"{self.name}@demo.example.org"


OPERATOR_EMAIL = "operator@demo.example.org"
SECOND_OPERATOR_EMAIL = "second-operator@demo.example.org"
FOLLOWER_EMAIL = "follower@demo.example.org"
FOLLOWER_DEPOSIT = 10_000
# Where the demo has weeks behind it, its follower has used some of them.
OWN_COPIES = (
    PlannedCopy(lead_name="Quiet Harbor", investment=2_000, day=1),
    PlannedCopy(lead_name="Basalt", investment=1_500, stop_loss=450, day=6),
    PlannedCopy(lead_name="Ember", investment=400, stop_loss=120, day=10),
)

FOLLOWERS = (
    Follower(
        name="amira",
        deposit=30_000,
        copies=(
            PlannedCopy(lead_name="Basalt", investment=12_000, stop_loss=3_000),
            PlannedCopy(lead_name="Quiet Harbor", investment=15_000),
        ),
    ),
    Follower(
        name="bela",
        deposit=2_500,
        copies=(
            PlannedCopy(lead_name="Northwind", investment=1_000, stop_loss=250),
            PlannedCopy(lead_name="Ember", investment=300, stop_loss=150),
        ),
    ),
    Follower(
        name="chidi",
        deposit=9_000,
        copies=(
            PlannedCopy(lead_name="Tessera", investment=4_000),
            PlannedCopy(lead_name="Lumen", investment=2_500, stop_loss=600),
        ),
    ),
    Follower(name="dana", deposit=500, copies=(PlannedCopy(lead_name="Basalt", investment=100),)),
    Follower(
        name="emil",
        deposit=60_000,
        copies=(
            PlannedCopy(lead_name="Quiet Harbor", investment=40_000, stop_loss=8_000),
            PlannedCopy(lead_name="Northwind", investment=8_000),
        ),
    ),
    Follower(name="farah", deposit=3_000, copies=(PlannedCopy(lead_name="Ember", investment=2_000, stop_loss=900),)),
    Follower(
        name="goran",
        deposit=6_000,
        copies=(
            PlannedCopy(lead_name="Basalt", investment=3_500),
            PlannedCopy(lead_name="Tessera", investment=750, stop_loss=100),
        ),
    ),
    Follower(name="hanne", deposit=1_200, copies=(PlannedCopy(lead_name="Lumen", investment=900),)),
)


def person(email: str, *, can_sign_in: bool = False, is_operator: bool = False) -> User:
    """Return somebody of the demo world, made on first use; an existing person is left as they are."""
    found = User.objects.filter(email=email).first()
    if found is not None:
        return found
    create = User.objects.create_superuser if is_operator else User.objects.create_user
    user = create(email, PASSWORD if can_sign_in else None)
    # These addresses reach nobody, so nobody can be asked to confirm them.
    EmailAddress.objects.create(user=user, email=email, verified=True, primary=True)
    if is_operator:
        # The codes come from `manage.py operator_code`.
        TOTP.activate(user, generate_totp_secret())
    return user
