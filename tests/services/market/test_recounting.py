"""200 random redenominations: everybody keeps the same coins to the unit, and custody stays what is owed."""

from decimal import Decimal
from random import Random

import pytest
from django.db import transaction

from accounts import ledger
from accounts.ledger import Lines
from accounts.models import Balance, Journal, LedgerAccount, User
from copytrading.exchange.paper.models import PaperBalance
from copytrading.models import CoinVerdict, CustodyDifference, Halt, Mark
from copytrading.services import locks
from copytrading.services.safety import halts, reconciling
from tests.cast import World
from tests.services.market.doubt_stage import judge, sol
from tests.simulation.test_random_worlds import undone

REDENOMINATIONS = 200
COUNTS = [(1_000, 1), (1, 1_000), (10, 1), (1, 10), (100, 1), (1, 1_000_000), (10**6, 1), (3, 2), (2, 7), (7, 1_000)]
KINDS = [LedgerAccount.Kind.MAIN, LedgerAccount.Kind.LEAD, LedgerAccount.Kind.COPY, LedgerAccount.Kind.COPY]
PLATFORM = [LedgerAccount.Kind.FEES, LedgerAccount.Kind.DUST, LedgerAccount.Kind.SUSPENSE]


def hand_out(random: Random, accounts: list[LedgerAccount], world: World) -> dict[int, int]:
    """Give accounts some units each, the venue keeps the sum, and return who has what."""
    venue = ledger.platform_account(LedgerAccount.Kind.VENUE, now=world.now)
    units = [
        random.choice([0, 1, 999, 1_000, 1_001, random.randrange(10**6), random.randrange(10**12)]) for _ in accounts
    ]
    owes = accounts[-1].kind == LedgerAccount.Kind.SUSPENSE and random.random() < 0.5
    units[-1] = -min(units[-1], sum(units[:-1])) if owes else units[-1]
    if sum(units) == 0:
        units[0] = 5_000
    with transaction.atomic():
        locks.lock_all_leads()
        ledger.post(
            kind=Journal.Kind.CORRECTION,
            idempotency_key="handed out",
            lines=Lines.of([*(one.pk for one in accounts), venue.pk], sol().base_id, [*units, -sum(units)]),
            now=world.now,
        )
    PaperBalance.objects.update_or_create(
        account="platform", asset="SOL", defaults={"quantity": Decimal(sum(units)).scaleb(-8)}
    )
    return {account.pk: one for account, one in zip(accounts, units, strict=True)}


@pytest.mark.parametrize("part", range(4))
def test_random_redenominations_keep_the_sum_and_each_value(world: World, operator: User, part: int) -> None:
    second = User.objects.create_superuser("second@example.org")
    people = [User.objects.create_user(f"person{number}@example.org") for number in range(6)]
    lead = world.make_lead(User.objects.create_user("basalt@example.org"), name="Basalt")
    opened = [
        ledger.open_account(
            kind=kind, owner=person, now=world.now, guard=lead.pk if kind in LedgerAccount.GUARDED else None
        )
        for person in people
        for kind in KINDS
    ]
    platform = [ledger.platform_account(kind, now=world.now) for kind in PLATFORM]
    halts.place_halt(scope=Halt.Scope.ASSET, target_id=sol().base_id, reason="Recounted.", now=world.now)
    for number in range(part, REDENOMINATIONS, 4):
        random = Random(number)
        old_count, new_count = random.choice(COUNTS)
        price = (Decimal(100) * old_count / new_count).quantize(Decimal("1e-12"))
        with undone():
            before = hand_out(random, [*random.sample(opened, random.randint(1, len(opened))), *platform], world)

            verdict = judge(
                world, operator, second, CoinVerdict.Kind.NEW_UNIT, price=str(price), old_count=old_count,
                new_count=new_count,
            )  # fmt: skip

            after = dict(Balance.objects.filter(asset=sol().base).values_list("ledger_account_id", "posted"))
            dust = platform[1].pk
            turned = {account: units * new_count // old_count for account, units in before.items()}
            total = sum(before.values()) * new_count // old_count
            left_over = total - sum(turned.values())
            assert 0 <= left_over < len(before), number
            assert {account: after.get(account, 0) for account in before} == turned | {dust: turned[dust] + left_over}
            # Each is worth what it was, but for less than one new unit.
            for account, units in before.items():
                assert 0 <= units * new_count - turned[account] * old_count < old_count, number
            assert verdict.done_at == world.now
            assert Mark.objects.get(market=sol()).price == price
            report = reconciling.check_ledger()
            assert report.is_clean, (number, report)
            assert not CustodyDifference.objects.exclude(units=0).exists()
            transaction.set_rollback(True)
