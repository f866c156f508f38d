"""Every page of the portal."""

from django.urls import path

from copytrading.views import activity, appearance, copies, leads, live, starting, wallet

urlpatterns = [
    path("", leads.discover, name="discover"),
    path("leads/<slug:slug>/", leads.lead_detail, name="lead_detail"),
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
    path("activity/", activity.activity, name="activity"),
    path("live/", live.live, name="live"),
    path("theme/", appearance.choose_theme, name="theme"),
]
