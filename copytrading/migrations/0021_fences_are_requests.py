"""
Of the fence, fill: what was changed before now is later than whatever is planned and not sent.

An order that waits to be sent for a copy that was ever changed may so be refused once; its cycle decides anew.
"""

from django.db import migrations

COUNT_CHANGES = """
UPDATE copytrading_lead AS lead SET request_count = request_count + 1
WHERE EXISTS (SELECT FROM copytrading_copy AS copy WHERE copy.lead_id = lead.id AND copy.fence > 0)
"""
COUNT_FENCES = """
UPDATE copytrading_copy AS copy SET fence = lead.request_count
FROM copytrading_lead AS lead WHERE lead.id = copy.lead_id AND copy.fence > 0
"""
COUNT_ORDERS = """
UPDATE copytrading_order AS planned SET request_count = cycle.request_count
FROM copytrading_synccycle AS cycle WHERE cycle.id = planned.cycle_id AND planned.booked_at IS NULL
"""


class Migration(migrations.Migration):
    dependencies = [
        ("copytrading", "0020_orders_know_their_requests"),
    ]

    operations = [
        # Backwards the fences stay as they are: all that counted of them was that they rise.
        migrations.RunSQL(sql=COUNT_CHANGES, reverse_sql=migrations.RunSQL.noop),
        migrations.RunSQL(sql=COUNT_FENCES, reverse_sql=migrations.RunSQL.noop),
        migrations.RunSQL(sql=COUNT_ORDERS, reverse_sql=migrations.RunSQL.noop),
    ]
