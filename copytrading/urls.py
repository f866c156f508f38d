"""Every page of the portal."""

from django.urls import path

from copytrading.views import appearance, live, pocket, problems
from copytrading.views.account import mailbox, notices, programs, wallet, webhooks
from copytrading.views.copies import activity, starting
from copytrading.views.copies import pages as copies
from copytrading.views.leading import linking
from copytrading.views.leading import orders as lead_orders
from copytrading.views.leading import pages as leading
from copytrading.views.leads import choosing, comparing
from copytrading.views.leads import pages as leads

urlpatterns = [
    path("", leads.discover, name="discover"),
    path("leads/<slug:slug>/", leads.lead_detail, name="lead_detail"),
    path("leads/<slug:slug>/portfolio/", leads.lead_detail, {"tab": "portfolio"}, name="lead_portfolio"),
    path("leads/<slug:slug>/trades/", leads.lead_detail, {"tab": "trades"}, name="lead_trades"),
    path("leads/<slug:slug>/trades.csv", leads.lead_trades_csv, name="lead_trades_csv"),
    path("leads/<slug:slug>/followers/", leads.lead_detail, {"tab": "followers"}, name="lead_followers"),
    path("leads/<slug:slug>/favourite/", choosing.favourite, name="favourite"),
    path("compare/", choosing.compare, name="compare"),
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
    path("notices/", notices.notices, name="notices"),
    path("notices/bell/", notices.bell, name="bell"),
    path("notices/read/", notices.notices_read, name="notices_read"),
    path("notices/<int:notice_id>/", notices.notice, name="notice"),
    path("notices/switches/", notices.notice_switches, name="notice_switches"),
    path("notices/devices/", notices.devices, name="devices"),
    path("notices/devices/<int:subscription_id>/remove/", notices.remove_device, name="remove_device"),
    path("notices/unsubscribe/<str:token>/", notices.unsubscribe, name="unsubscribe"),
    path("mailbox/", mailbox.mailbox, name="mailbox"),
    path("mailbox/<str:name>/", mailbox.mail, name="mail"),
    path("mailbox/<str:name>/html/", mailbox.mail_html, name="mail_html"),
    path("manifest.webmanifest", pocket.manifest, name="manifest"),
    path("service-worker.js", pocket.service_worker, name="service_worker"),
    path("offline/", pocket.offline, name="offline"),
    path("live/", live.live, name="live"),
    path("theme/", appearance.choose_theme, name="theme"),
    path("programs/", programs.programs, name="programs"),
    path("programs/keys/new/", programs.program_key_make, name="program_key_make"),
    path("programs/keys/<int:key_id>/revoke/", programs.program_key_revoke, name="program_key_revoke"),
    path("programs/devices/<int:device_id>/revoke/", programs.device_revoke, name="device_revoke"),
    path("programs/webhooks/new/", webhooks.webhook_add, name="webhook_add"),
    path("programs/webhooks/<int:webhook_id>/", webhooks.webhook, name="webhook"),
    path("programs/webhooks/<int:webhook_id>/change/", webhooks.webhook_change, name="webhook_change"),
    path("programs/webhooks/<int:webhook_id>/rotate/", webhooks.webhook_rotate, name="webhook_rotate"),
    path("programs/webhooks/<int:webhook_id>/test/", webhooks.webhook_test, name="webhook_test"),
    path("programs/webhooks/<int:webhook_id>/switch/", webhooks.webhook_switch, name="webhook_switch"),
    path("programs/webhooks/<int:webhook_id>/remove/", webhooks.webhook_remove, name="webhook_remove"),
    path(
        "programs/webhooks/<int:webhook_id>/again/<int:delivery_id>/",
        webhooks.webhook_send_again,
        name="webhook_send_again",
    ),
    path("problems/", problems.problems, name="problems"),
    path("problems/<str:code>/", problems.problem, name="problem"),
    path("lead/", leading.lead_console, name="lead_console"),
    path("lead/apply/", leading.lead_apply, name="lead_apply"),
    path("lead/order/", lead_orders.lead_order, name="lead_order"),
    path("lead/orders/", lead_orders.lead_order_history, name="lead_order_history"),
    path("lead/orders/<int:order_id>/cancel/", lead_orders.lead_order_cancel, name="lead_order_cancel"),
    path("lead/earnings/", leading.lead_earnings, name="lead_earnings"),
    path("lead/money/in/", leading.lead_money, {"way": "in"}, name="lead_money_in"),
    path("lead/money/out/", leading.lead_money, {"way": "out"}, name="lead_money_out"),
    path("lead/terms/", leading.lead_terms, name="lead_terms"),
    path("lead/notice/", leading.lead_notice, name="lead_notice"),
    path("lead/pause/", leading.lead_pause, name="lead_pause"),
    path("lead/link/", linking.lead_link, name="lead_link"),
    path("lead/link/disconnect/", linking.lead_unlink, name="lead_unlink"),
    path("lead/end/", leading.lead_end, name="lead_end"),
]
