"""Every page of the portal."""

from django.urls import path

from copytrading.views import activity, appearance, comparing, copies, leading, leads, live, starting, wallet

urlpatterns = [
    path("", leads.discover, name="discover"),
    path("leads/<slug:slug>/", leads.lead_detail, name="lead_detail"),
    path("leads/<slug:slug>/what-if/", comparing.what_if, name="what_if"),
    path("leads/<slug:slug>/copy/", starting.copy_terms, name="copy_terms"),
    path("leads/<slug:slug>/copy/review/", starting.copy_review, name="copy_review"),
    path("leads/<slug:slug>/copy/start/", starting.start_copy, name="start_copy"),
    path("copies/", copies.my_copies, name="my_copies"),
    path("copies/<int:copy_id>/", copies.copy_detail, name="copy_detail"),
    path("copies/<int:copy_id>/live/", copies.copy_live, name="copy_live"),
    path("copies/<int:copy_id>/settings/", copies.copy_settings, name="copy_settings"),
    path("copies/<int:copy_id>/stop/", copies.copy_stop, name="copy_stop"),
    path("wallet/", wallet.wallet, name="wallet"),
    path("wallet/deposit/", wallet.deposit, name="deposit"),
    path("wallet/withdraw/", wallet.withdraw, name="withdraw"),
    path("wallet/spot/", wallet.spot, name="spot"),
    path("wallet/history.csv", wallet.wallet_csv, name="wallet_csv"),
    path("wallet/balance/", appearance.balance, name="balance"),
    path("halt-notice/", appearance.halt_notice, name="halt_notice"),
    path("activity/", activity.activity, name="activity"),
    path("live/", live.live, name="live"),
    path("theme/", appearance.choose_theme, name="theme"),
    path("lead/", leading.lead_console, name="lead_console"),
    path("lead/apply/", leading.lead_apply, name="lead_apply"),
    path("lead/order/", leading.lead_order, name="lead_order"),
    path("lead/orders/", leading.lead_order_history, name="lead_order_history"),
    path("lead/orders/<int:order_id>/cancel/", leading.lead_order_cancel, name="lead_order_cancel"),
    path("lead/earnings/", leading.lead_earnings, name="lead_earnings"),
    path("lead/money/in/", leading.lead_money, {"way": "in"}, name="lead_money_in"),
    path("lead/money/out/", leading.lead_money, {"way": "out"}, name="lead_money_out"),
    path("lead/terms/", leading.lead_terms, name="lead_terms"),
    path("lead/notice/", leading.lead_notice, name="lead_notice"),
    path("lead/pause/", leading.lead_pause, name="lead_pause"),
    path("lead/end/", leading.lead_end, name="lead_end"),
]
