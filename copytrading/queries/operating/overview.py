"""What operators choose from: halts by name and what can be halted, markets, coins, accounts, people."""

from collections.abc import Iterable

from django.db.models import Case, CharField, F, OuterRef, QuerySet, Subquery, Value, When
from django.db.models.expressions import Combinable

from accounts.models import Asset, LedgerAccount, Transfer, User
from copytrading.models import CoinVerdict, Correction, Halt, Lead, Mark, Market
from copytrading.queries.market import doubts


def named_halts() -> QuerySet[Halt]:
    """Return all halts with `target_name`: what they stop, as people call it."""
    names: tuple[tuple[Halt.Scope, QuerySet[Lead] | QuerySet[Market] | QuerySet[Asset], str], ...] = (
        (Halt.Scope.LEAD, Lead.objects.all(), "name"),
        (Halt.Scope.MARKET, Market.objects.order_by(), "symbol"),
        (Halt.Scope.ASSET, Asset.objects.order_by(), "symbol"),
    )
    return Halt.objects.annotate(
        target_name=Case(
            *(
                When(scope=scope, then=Subquery(table.filter(pk=OuterRef("target_id")).values(column)[:1]))
                for scope, table, column in names
            ),
            default=Value("Everything"),
            output_field=CharField(),
        )
    ).select_related("placed_by", "lifted_by")


def halt_targets() -> list[tuple[str, list[tuple[str, str]]]]:
    """Return what can be halted, grouped, as (SCOPE:id, name)."""
    leads = Lead.objects.exclude(status__in=[Lead.Status.APPLIED, Lead.Status.ENDED]).order_by("name")
    groups: tuple[tuple[str, Halt.Scope, Iterable[tuple[int, str]]], ...] = (
        ("A lead", Halt.Scope.LEAD, leads.values_list("pk", "name")),
        ("A market", Halt.Scope.MARKET, Market.objects.order_by("symbol").values_list("pk", "symbol")),
        ("A coin in all its markets", Halt.Scope.ASSET, assets()),
    )
    targets = [(label, [(f"{scope.value}:{pk}", name) for pk, name in rows]) for label, scope, rows in groups]
    return [("Everything", [(f"{Halt.Scope.PLATFORM.value}:0", "Everything, all leads and markets")]), *targets]


def markets_by_doubt() -> list[tuple[int, str]]:
    """Return the markets that people may have to judge, those in doubt first, as (id, what is quoted)."""
    doubted = doubts.coins_in_doubt()
    markets = Market.objects.exclude(status=Market.Status.DELISTED).select_related("mark").order_by("symbol")
    named = []
    for market in markets:
        mark: Mark | None = getattr(market, "mark", None)
        quoted = None if mark is None else mark.doubted_price or mark.price
        named.append((market.base_id not in doubted, market.pk, market.symbol, quoted))
    return [
        (pk, symbol if quoted is None else f"{symbol}, quoted at {quoted.normalize():f}")
        for _, pk, symbol, quoted in sorted(named, key=lambda one: (one[0], one[2]))
    ]


def verdict_kinds() -> list[tuple[str, str]]:
    """Return what may be said of a coin in doubt."""
    return list(CoinVerdict.Kind.choices)


def assets() -> list[tuple[int, str]]:
    """Return all assets as (id, symbol)."""
    return list(Asset.objects.order_by("symbol").values_list("pk", "symbol"))


def decimals_of(*, asset_id: int) -> int:
    """Return how many decimals an asset has."""
    return Asset.objects.values_list("decimals", flat=True).get(pk=asset_id)


def correctable_kinds() -> list[tuple[str, str]]:
    """Return the platform's own accounts that a correction may name by kind."""
    kinds = (LedgerAccount.Kind.SUSPENSE, LedgerAccount.Kind.FEES, LedgerAccount.Kind.DUST)
    return [(kind.value, f"The platform's {kind.label} account") for kind in kinds]


def corrected_against() -> list[tuple[str, str]]:
    """Return what the other side of a correction can be."""
    return list(Correction.Against.choices)


def transfer_directions() -> list[tuple[str, str]]:
    """Return the ways that money moves."""
    return list(Transfer.Direction.choices)


def person(*, email: str) -> User | None:
    """Return who has an e-mail address, None where nobody does."""
    return User.objects.filter(email__iexact=email).first()


def by_openness(column: str) -> tuple[str | Combinable, ...]:
    """Return an ordering that puts what is still open first, then the latest."""
    return (F(column).desc(nulls_first=True), "-pk")
