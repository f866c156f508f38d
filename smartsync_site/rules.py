"""
The platform's own settings, which operators may change: its rules, and what belongs to this installation.

`settings` takes every name from here. Rules are read there by `copytrading.queries.rules` and nobody else. One that
cannot be read, or is outside its bounds, ends the start of whatever is started with a sentence.
"""

from collections.abc import Callable
from dataclasses import fields
from decimal import Decimal
from math import isfinite
from typing import TypeVar

import environ

from copytrading.engine import rules as platform
from smartsync_site.brand import brand_file, read_brand
from smartsync_site.environment import read_env_file
from smartsync_site.gates import ACTS, read_acts, read_gate
from smartsync_site.jurisdictions import read_packs

GATE_SECONDS_MOST = 30
WITHDRAWAL_HOURS_MAX = 30 * 24
Number = TypeVar("Number", int, float, Decimal)

read_env_file()
env = environ.Env()


def _read(name: str, form: Callable[[str], Number], default: float | str, kind: str) -> Number:
    """
    Return a number out of the environment; one that is empty there counts as not named.

    Not by `env.float`, which drops what it cannot read: there "7 %" is 7, and "1e-3" is no number.

    :raises ImproperlyConfigured: if it is no such number.
    """
    text = env.str(name, default="").strip() or str(default)
    try:
        number = form(text)
        if isfinite(number):
            return number
    except (ValueError, ArithmeticError):
        pass
    rule = name.removeprefix("SMARTSYNC_").lower()
    hint = f"; it is {platform.in_words(rule)}" if rule in platform.BOUNDS else ""
    raise environ.ImproperlyConfigured(f"{name} is {text!r}, which is no {kind}{hint}.")


def _number(name: str, *, default: float) -> float:
    return _read(name, float, default, "number")


def _exact(name: str, *, default: str) -> Decimal:
    return _read(name, Decimal, default, "number")


def _whole(name: str, *, default: int) -> int:
    return _read(name, int, default, "whole number")


def _by_exchange(name: str) -> dict[str, str]:
    """
    Return what is said of each exchange, as "binance=...,okx=...".

    :raises ImproperlyConfigured: if a part is no such pair.
    """
    pairs = [part.strip().partition("=") for part in env.str(name, default="").split(",") if part.strip()]
    if not all(exchange.strip() and value.strip() for exchange, _, value in pairs):
        raise environ.ImproperlyConfigured(f"{name} is {env.str(name)!r}; write it as binance=...,okx=...")
    return {exchange.strip().lower(): value.strip() for exchange, _, value in pairs}


def _fractions_by_exchange(name: str) -> dict[str, Decimal]:
    """
    Return a fraction from 0 to 1 for each exchange that has one.

    :raises ImproperlyConfigured: if one is none.
    """
    fractions = {}
    for exchange, text in _by_exchange(name).items():
        try:
            fraction = Decimal(text)
        except ArithmeticError:
            fraction = Decimal("NaN")
        if not (fraction.is_finite() and 0 <= fraction <= 1):
            raise environ.ImproperlyConfigured(
                f"{name}: {text!r} of {exchange} is no fraction from 0 to 1, such as 0.2."
            )
        fractions[exchange] = fraction
    return fractions


# What the platform is called and looks like: read here, before anything is started for nothing.
SMARTSYNC_BRAND = read_brand(brand_file(env.str("SMARTSYNC_BRAND", default="")))
# Who is let in: packs of jurisdictions by name or path, none when empty, and which of them is that of people who named
# none; the operator's own check, and what it is asked about.
SMARTSYNC_JURISDICTIONS = read_packs(
    env.list("SMARTSYNC_JURISDICTIONS", default=[]), texts=[text.name for text in SMARTSYNC_BRAND.legal]
)
SMARTSYNC_JURISDICTION_DEFAULT = env.str("SMARTSYNC_JURISDICTION_DEFAULT", default="") or next(
    (pack.name for pack in SMARTSYNC_JURISDICTIONS), ""
)
SMARTSYNC_GATE = read_gate(
    env.str("SMARTSYNC_GATE_URL", default=""),
    env.str("SMARTSYNC_GATE_SECRET", default=""),
    development=env.bool("DEVELOPMENT", default=False),
)
SMARTSYNC_GATE_ACTS = read_acts(env.list("SMARTSYNC_GATE_ACTS", default=[]) or list(ACTS))
SMARTSYNC_GATE_SECONDS_MAX = _number("SMARTSYNC_GATE_SECONDS_MAX", default=5)
# The market
SMARTSYNC_VENUE = env.str("SMARTSYNC_VENUE", default="") or "paper"
# Real money: an exchange by name, a key that can trade and not withdraw, and a word that it is meant so.
SMARTSYNC_VENUE_LIVE = env.bool("SMARTSYNC_VENUE_LIVE", default=False)
SMARTSYNC_VENUE_KEY = env.str("SMARTSYNC_VENUE_KEY", default="")
SMARTSYNC_VENUE_SECRET = env.str("SMARTSYNC_VENUE_SECRET", default="")
SMARTSYNC_VENUE_PASSWORD = env.str("SMARTSYNC_VENUE_PASSWORD", default="")
SMARTSYNC_VENUE_URL = env.str("SMARTSYNC_VENUE_URL", default="")  # of a test net or a gateway
SMARTSYNC_VENUE_KEY_VOUCHED = env.bool("SMARTSYNC_VENUE_KEY_VOUCHED", default=False)  # where the venue cannot say
# By exchange: the tag of the operator's broker programme, sent with each order, and which fraction of the fees it pays
# back, as okx=0.2. A report goes by the latter; what really comes is money like any other.
SMARTSYNC_BROKER_TAGS = _by_exchange("SMARTSYNC_BROKER_TAGS")
SMARTSYNC_REBATE_RATES = _fractions_by_exchange("SMARTSYNC_REBATE_RATES")
# How real money comes and goes: "manual", by two operators, or "venue", by the exchange's own history as well.
SMARTSYNC_TRANSFERS = env.str("SMARTSYNC_TRANSFERS", default="") or "manual"
# Hours that a person's first withdrawal by a channel waits, and each after a change of their sign-in; 0: none.
SMARTSYNC_FIRST_WITHDRAWAL_HOURS = env.int("SMARTSYNC_FIRST_WITHDRAWAL_HOURS", default=0)
SMARTSYNC_PRICES = env.str("SMARTSYNC_PRICES", default="") or "simulated"  # "live", or recordings
SMARTSYNC_PRICE_SOURCES = env.list("SMARTSYNC_PRICE_SOURCES", default=["binance", "okx"])  # exchanges, when live
# Other addresses of exchanges whose prices are followed or whose accounts are linked: binance=https://...
SMARTSYNC_EXCHANGE_URLS = env.dict("SMARTSYNC_EXCHANGE_URLS", default={})
# The coins of a live market, all that the exchange lists when empty. Who trades a coin must not leave it out again.
SMARTSYNC_COINS = env.list(
    "SMARTSYNC_COINS",
    default=["BTC", "ETH", "BNB", "SOL", "XRP", "DOGE", "ADA", "AVAX", "LINK", "DOT", "LTC", "UNI"],
)
SMARTSYNC_SPEED = _number("SMARTSYNC_SPEED", default=60)  # recorded seconds a second
SMARTSYNC_LEAD_TRADES = env.str("SMARTSYNC_LEAD_TRADES", default="")  # recorded fills that drive a demo lead
SMARTSYNC_FEE_RATE = _exact("SMARTSYNC_FEE_RATE", default="0.001")
# Following
SMARTSYNC_INVESTMENT_MIN = _whole("SMARTSYNC_INVESTMENT_MIN", default=100)  # USDT
SMARTSYNC_DRIFT_BAND = _number("SMARTSYNC_DRIFT_BAND", default=0.01)  # of a copy's equity
SMARTSYNC_REPAIR_SECONDS = _number("SMARTSYNC_REPAIR_SECONDS", default=60)
SMARTSYNC_SETTLING_SECONDS = _number("SMARTSYNC_SETTLING_SECONDS", default=900)  # after a lead's deposit or withdrawal
SMARTSYNC_CYCLE_SPACING_SECONDS = _number("SMARTSYNC_CYCLE_SPACING_SECONDS", default=0.5)
SMARTSYNC_PROFIT_SHARE_MAX = _number("SMARTSYNC_PROFIT_SHARE_MAX", default=0.30)
# The platform's own copy of every lead, in USDT, which tells what following brought; 0 for none.
SMARTSYNC_REFERENCE_COPY_AMOUNT = _whole("SMARTSYNC_REFERENCE_COPY_AMOUNT", default=100)
# Leading
SMARTSYNC_STAKE_MIN = _whole("SMARTSYNC_STAKE_MIN", default=500)  # USDT of the lead's own
SMARTSYNC_STAKE_ALARM = _number("SMARTSYNC_STAKE_ALARM", default=0.10)  # of the money that follows
SMARTSYNC_LIMIT_ORDER_DAYS = _number("SMARTSYNC_LIMIT_ORDER_DAYS", default=30)  # then a lead's limit order ends
# Alarms that leave the box: mail addresses, and whatever else apprise speaks to (json://, slack://, tgram:// ...); to
# the latter ones only when an alarm stays open. The dead-man's address is asked for while everything is alive.
SMARTSYNC_ALARM_MAILS = env.list("SMARTSYNC_ALARM_MAILS", default=[])
SMARTSYNC_ALARM_URLS = env.list("SMARTSYNC_ALARM_URLS", default=[])
SMARTSYNC_ALARM_ESCALATION_URLS = env.list("SMARTSYNC_ALARM_ESCALATION_URLS", default=[])
SMARTSYNC_DEAD_MAN_URL = env.str("SMARTSYNC_DEAD_MAN_URL", default="")
# Leads who trade elsewhere: exchanges whose accounts can be linked, and what seals their keys, outside the database:
# 32 bytes in base64 each; the first seals, all of them open. Without one a server links no accounts.
SMARTSYNC_LINK_EXCHANGES = env.list("SMARTSYNC_LINK_EXCHANGES", default=["binance", "okx", "bybit", "bitget"])
SMARTSYNC_LINK_KEYS = env.list("SMARTSYNC_LINK_KEYS", default=[])
SMARTSYNC_LINK_LOOK_SECONDS = _number("SMARTSYNC_LINK_LOOK_SECONDS", default=10)
SMARTSYNC_LINK_RETRY_SECONDS = _number("SMARTSYNC_LINK_RETRY_SECONDS", default=60)  # while an account is broken
SMARTSYNC_LINK_CHECK_SECONDS = _number("SMARTSYNC_LINK_CHECK_SECONDS", default=3600)  # what a key may do
# Risk
SMARTSYNC_SLIPPAGE_CAP = _number("SMARTSYNC_SLIPPAGE_CAP", default=0.005)  # of the mark, exits too
SMARTSYNC_DEPTH_SHARE = _number("SMARTSYNC_DEPTH_SHARE", default=0.25)  # of the visible book, per order
SMARTSYNC_PRICE_AGE_MAX_SECONDS = _number("SMARTSYNC_PRICE_AGE_MAX_SECONDS", default=10)
SMARTSYNC_PRICE_OUTLIER = _number("SMARTSYNC_PRICE_OUTLIER", default=0.03)  # off the median of the sources
SMARTSYNC_PRICE_JUMP = _number("SMARTSYNC_PRICE_JUMP", default=0.10)  # of one source; more needs a second quote
# A price that is so many times the mark, or so small a part of it, may be another unit: people have to say so.
SMARTSYNC_PRICE_LEAP = _number("SMARTSYNC_PRICE_LEAP", default=5.0)
# How long a suspended market is waited for; then what a stop cannot sell goes to the follower as it is.
SMARTSYNC_FROZEN_AFTER_SECONDS = _number("SMARTSYNC_FROZEN_AFTER_SECONDS", default=900)
SMARTSYNC_DELISTED_AFTER_SECONDS = _number("SMARTSYNC_DELISTED_AFTER_SECONDS", default=600)  # missing all the time
SMARTSYNC_STOP_LOSS_CONFIRM_SECONDS = _number("SMARTSYNC_STOP_LOSS_CONFIRM_SECONDS", default=5)
SMARTSYNC_ORDER_VALUE_MAX = _whole("SMARTSYNC_ORDER_VALUE_MAX", default=5_000_000)  # USDT, one order at its limit
SMARTSYNC_MINUTE_VALUE_MAX = _whole("SMARTSYNC_MINUTE_VALUE_MAX", default=50_000_000)  # USDT, all orders of a minute
SMARTSYNC_DAY_VALUE_MAX = _whole("SMARTSYNC_DAY_VALUE_MAX", default=1_000_000_000)  # USDT, all orders of a day
SMARTSYNC_PRICE_COLLAR = _number("SMARTSYNC_PRICE_COLLAR", default=0.12)  # past the mark; wider than any exit goes
SMARTSYNC_RECONCILE_SECONDS = _number("SMARTSYNC_RECONCILE_SECONDS", default=60)  # between two looks at our trades
SMARTSYNC_FAILURES_MAX = _whole("SMARTSYNC_FAILURES_MAX", default=5)  # in a row, then a lead is set aside
# How far past the level it needs a buy's limit reaches: room for a book that moves while the order travels.
SMARTSYNC_LIMIT_CUSHION = _number("SMARTSYNC_LIMIT_CUSHION", default=0.0005)
SMARTSYNC_LEAD_ORDER_SECONDS = _number("SMARTSYNC_LEAD_ORDER_SECONDS", default=60)  # then what is unfilled ends
SMARTSYNC_DUST_FLOAT = _whole("SMARTSYNC_DUST_FLOAT", default=10_000)  # USDT of the platform, to take dust over
SMARTSYNC_DEPOSIT_MAX = _whole("SMARTSYNC_DEPOSIT_MAX", default=1_000_000)  # USDT a paper deposit
SMARTSYNC_DEPOSIT_DAY_MAX = _whole("SMARTSYNC_DEPOSIT_DAY_MAX", default=10_000_000)  # USDT a person and day
SMARTSYNC_DEPOSIT_TOTAL_MAX = _whole("SMARTSYNC_DEPOSIT_TOTAL_MAX", default=10_000_000_000)  # USDT of everybody
# Cash, and the bell (off in replays and simulations, which call each step themselves)
SMARTSYNC_CASH = env.str("SMARTSYNC_CASH", default="") or "USDT"
SMARTSYNC_CASH_DECIMALS = 8
SMARTSYNC_BELL = env.bool("SMARTSYNC_BELL", default=True)
SMARTSYNC_PLATFORM_SHARE = _number("SMARTSYNC_PLATFORM_SHARE", default=0.0)  # of the leads' profit share

if SMARTSYNC_JURISDICTION_DEFAULT not in ("", *(pack.name for pack in SMARTSYNC_JURISDICTIONS)):
    raise environ.ImproperlyConfigured(
        f"SMARTSYNC_JURISDICTION_DEFAULT is {SMARTSYNC_JURISDICTION_DEFAULT!r}, which SMARTSYNC_JURISDICTIONS does not"
        " name."
    )
if not 0 < SMARTSYNC_GATE_SECONDS_MAX <= GATE_SECONDS_MOST:
    raise environ.ImproperlyConfigured(
        f"SMARTSYNC_GATE_SECONDS_MAX is {SMARTSYNC_GATE_SECONDS_MAX:g}; it is more than 0, and {GATE_SECONDS_MOST} at"
        " most: somebody waits for it."
    )
if SMARTSYNC_TRANSFERS not in ("manual", "venue"):
    raise environ.ImproperlyConfigured(f"SMARTSYNC_TRANSFERS is {SMARTSYNC_TRANSFERS!r}; it can be manual or venue.")
if not 0 <= SMARTSYNC_FIRST_WITHDRAWAL_HOURS <= WITHDRAWAL_HOURS_MAX:
    raise environ.ImproperlyConfigured(
        f"SMARTSYNC_FIRST_WITHDRAWAL_HOURS is {SMARTSYNC_FIRST_WITHDRAWAL_HOURS}; it is 0 to {WITHDRAWAL_HOURS_MAX}."
    )
if SMARTSYNC_SPEED <= 0:
    raise environ.ImproperlyConfigured(f"SMARTSYNC_SPEED is {SMARTSYNC_SPEED:g}; recorded time passes only above zero.")
try:
    platform.Rules(**{field.name: globals()[f"SMARTSYNC_{field.name.upper()}"] for field in fields(platform.Rules)})
except platform.RuleOutOfBounds as refusal:
    raise environ.ImproperlyConfigured(str(refusal)) from None
