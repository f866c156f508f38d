"""
Does everything add up? Recomputed from the first journal on, and compared with what the venue says it keeps for us.
"""

from dataclasses import dataclass
from decimal import Decimal

from accounts import ledger_audit
from accounts.models import Asset
from copytrading.exchange.registry import venue
from copytrading.services.bunching import coins


@dataclass(frozen=True, kw_only=True)
class Finding:
    """Something that does not add up, as a sentence."""

    sentence: str


@dataclass(frozen=True, kw_only=True)
class LedgerReport:
    """
    The state of the ledger: what does not add up, and custody less liabilities for each asset, in coins.

    `differences` holds every asset; zero everywhere is as it should be.
    """

    findings: tuple[Finding, ...]
    differences: dict[str, Decimal]
    journals: int
    postings: int

    @property
    def is_clean(self) -> bool:
        return not self.findings and not any(self.differences.values())


def check_ledger() -> LedgerReport:
    """
    Recompute every balance and hold from genesis and compare liabilities with custody.

    The venue is asked with no transaction open, so while money moves the two may differ for a moment.
    """
    custody = venue().balances()
    audit = ledger_audit.audit()
    decimals = dict(Asset.objects.values_list("symbol", "decimals"))
    differences = {
        symbol: custody.get(symbol, Decimal(0)) - coins(audit.liabilities.get(symbol, 0), decimals[symbol])
        for symbol in sorted(decimals)
    }
    return LedgerReport(
        findings=tuple(Finding(sentence=sentence) for sentence in audit.sentences),
        differences=differences,
        journals=audit.journals,
        postings=audit.postings,
    )
