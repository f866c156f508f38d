"""A lead without a profit share, whom anybody may copy on an account of their own."""

import pytest

from copytrading.models import Lead


@pytest.fixture
def free_lead(lead: Lead) -> Lead:
    Lead.objects.filter(pk=lead.pk).update(profit_share_rate=0)
    return Lead.objects.get(pk=lead.pk)
