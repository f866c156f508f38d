"""Every address below /api/v1/."""

from django.urls import path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

from accounts.api.sign_in import Token
from copytrading.api import books, changing, copies, leads, records, wallet
from copytrading.api.nowhere import Nowhere

app_name = "api"

urlpatterns = [
    path("token", Token.as_view(), name="token"),
    path("leads", leads.Leads.as_view(), name="leads"),
    path("leads/<slug:slug>", leads.Lead.as_view(), name="lead"),
    path("leads/<slug:slug>/holdings", leads.LeadHoldings.as_view(), name="lead_holdings"),
    path("leads/<slug:slug>/record", leads.LeadRecord.as_view(), name="lead_record"),
    path("leads/<slug:slug>/statistics", records.LeadStatistics.as_view(), name="lead_statistics"),
    path("leads/<slug:slug>/returns", records.LeadReturns.as_view(), name="lead_returns"),
    path("leads/<slug:slug>/trades", records.LeadTrades.as_view(), name="lead_trades"),
    path("leads/<slug:slug>/closed-positions", records.LeadClosedPositions.as_view(), name="lead_closed_positions"),
    path("leads/<slug:slug>/events", records.LeadEvents.as_view(), name="lead_events"),
    path("leads/<slug:slug>/followers-record", records.LeadFollowersRecord.as_view(), name="lead_followers_record"),
    path("leads/<slug:slug>/what-if", records.LeadLookBack.as_view(), name="lead_what_if"),
    path("leads/<slug:slug>/what-if/spread", records.LeadLookBackSpread.as_view(), name="lead_what_if_spread"),
    path("leads/<slug:slug>/preview", leads.LeadPreview.as_view(), name="lead_preview"),
    path("copies", copies.Copies.as_view(), name="copies"),
    path("copies/<int:copy_id>", copies.Copy.as_view(), name="copy"),
    path("copies/<int:copy_id>/record", copies.CopyRecord.as_view(), name="copy_record"),
    path("copies/<int:copy_id>/coins", copies.CopyCoins.as_view(), name="copy_coins"),
    path("copies/<int:copy_id>/gap", copies.CopyGap.as_view(), name="copy_gap"),
    path("copies/<int:copy_id>/activity", copies.CopyActivity.as_view(), name="copy_activity"),
    path("copies/<int:copy_id>/change-preview", changing.ChangePreview.as_view(), name="change_preview"),
    path("copies/<int:copy_id>/increase", changing.Increase.as_view(), name="increase"),
    path("copies/<int:copy_id>/reduce", changing.Reduce.as_view(), name="reduce"),
    path("copies/<int:copy_id>/stop-loss", changing.StopLoss.as_view(), name="stop_loss"),
    path("copies/<int:copy_id>/pause", changing.Pause.as_view(), name="pause"),
    path("copies/<int:copy_id>/resume", changing.Resume.as_view(), name="resume"),
    path("copies/<int:copy_id>/stop-quote", changing.StopQuote.as_view(), name="stop_quote"),
    path("copies/<int:copy_id>/stop", changing.Stop.as_view(), name="stop"),
    path("copies/<int:copy_id>/orders", books.CopyOrders.as_view(), name="copy_orders"),
    path("copies/<int:copy_id>/fills", books.CopyFills.as_view(), name="copy_fills"),
    path("copies/<int:copy_id>/ledger", books.CopyLedger.as_view(), name="copy_ledger"),
    path("copies/<int:copy_id>/balances", books.CopyBalances.as_view(), name="copy_balances"),
    path("copies/<int:copy_id>/flows", books.CopyFlows.as_view(), name="copy_flows"),
    path("copies/<int:copy_id>/profit-shares", books.CopyProfitShares.as_view(), name="copy_profit_shares"),
    path("copies/<int:copy_id>/terms", changing.Terms.as_view(), name="copy_terms"),
    path("activity", copies.Activity.as_view(), name="activity"),
    path("wallet", wallet.Wallet.as_view(), name="wallet"),
    path("wallet/history", wallet.WalletHistory.as_view(), name="wallet_history"),
    path("wallet/deposits", wallet.Deposits.as_view(), name="deposits"),
    path("wallet/withdrawals", wallet.Withdrawals.as_view(), name="withdrawals"),
    path("wallet/orders", wallet.SpotOrders.as_view(), name="spot_orders"),
    path("wallet/orders/preview", wallet.SpotPreview.as_view(), name="spot_preview"),
    path("wallet/orders/<int:order_id>", wallet.SpotOrder.as_view(), name="spot_order"),
    path("markets/troubles", wallet.MarketTroubles.as_view(), name="market_troubles"),
    path("markets", wallet.Markets.as_view(), name="markets"),
    path("schema", SpectacularAPIView.as_view(permission_classes=[], authentication_classes=[]), name="schema"),
    path(
        "docs",
        SpectacularSwaggerSplitView.as_view(
            url_name="api:schema",
            template_name="copytrading/api_docs.html",
            permission_classes=[],
            authentication_classes=[],
        ),
        name="docs",
    ),
    path("<path:rest>", Nowhere.as_view(), name="nowhere"),
]
