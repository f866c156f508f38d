import time
from django.utils import timezone
from copytrading.services.demo import world
from copytrading.services import reconciling
from copytrading.models import *


def test_x(db, django_assert_max_num_queries):
    from django.test.utils import CaptureQueriesContext
    from django.db import connection

    t = time.time()
    c = []
    if 1:
        import cProfile, pstats

        pr = cProfile.Profile()
        c0 = time.process_time()
        pr.enable()
        w = world.set_up_world(now=timezone.now())
        pr.disable()
        print("cpu", time.process_time() - c0)
        pstats.Stats(pr).sort_stats("cumtime").print_stats(70)
    print(time.time() - t, len(c), w)
    t = time.time()
    world.set_up_world(now=timezone.now())
    print(time.time() - t)
    r = reconciling.check_ledger()
    print(r.is_clean, r.findings, r.differences)
    print(
        LeadOrder.objects.values_list(
            "lead__name", "market__symbol", "side", "status", "quantity_units", "filled_units"
        )
    )
    for l in LeadOrder.objects.exclude(status="FILLED"):
        print(l.lead, l.market, l.status, l.quantity_units, l.filled_units)
    print(
        SyncCycle.objects.count(),
        Order.objects.count(),
        LeadRecord.objects.count(),
        CopyRecord.objects.count(),
        list(Copy.objects.values_list("status", flat=True)),
    )
    for l in Lead.objects.all():
        print(
            l,
            l.bio,
            list(l.records.order_by("recorded_at").values_list("recorded_at", "unit_price", "equity_units"))[-2:],
        )
    assert 0
