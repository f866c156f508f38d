"""The world of the campaign: four markets, the platform's account, and an account with a key for each person."""

from typing import Any

from tests.fake_venue.world import SMALL_WORLD

AMOUNTS = (100, 1_000, 10_000)
COINS = {
    "BTC": ("50000", "0.00001"), "ETH": ("2500", "0.0001"), "SOL": ("100", "0.001"),
    "ADA": ("0.5", "0.1"),
}  # fmt: skip


def amount_of(number: int) -> int:
    """Return what the copy of a person is started with: a third of them each amount."""
    return AMOUNTS[number % len(AMOUNTS)]


def account_of(number: int) -> str:
    return f"person-{number}"


def key_of(number: int) -> dict[str, str]:
    return {"key": f"key-{number}", "secret": f"secret-{number}", "passphrase": f"phrase-{number}"}


def described_world(people: int) -> dict[str, Any]:
    """Return the venue's world for so many people, each with a fifth more than the copy is to use."""
    return {
        "accounts": {account_of(number): {"USDT": str(amount_of(number) * 6 // 5)} for number in range(people)},
        "keys": [
            *SMALL_WORLD["keys"],
            *(key_of(number) | {"account": account_of(number)} for number in range(people)),
        ],
        "markets": [
            {
                "symbol": f"{coin}-USDT",
                "price": price,
                "tick_size": "0.0001" if float(price) < 1 else "0.01",
                "lot_size": lot_size,
                "quantity_min": lot_size,
                "level_value": "5000000",
            }
            for coin, (price, lot_size) in COINS.items()
        ],
        "weight_max": 10**9,
    }
