"""
A follower's whole way by the generated client: from the sign-up to the revoked device.

    make clients
    PYTHONPATH=build/clients/python python docs/clients/python/journey.py http://localhost:8000 me@example.org [LEAD]

It asks on its standard input for the key in the mail that comes (`/mailbox/` shows mails where they are not sent).
Money is paper money. LEAD is a lead's slug; without it the first that is listed is copied.
"""

import argparse
import base64
import hashlib
import hmac
import secrets
import sys
import time
import uuid
from collections.abc import Callable
from typing import Any, TypeVar

import httpx
from smart_sync_client import AuthenticatedClient
from smart_sync_client.api.books import read_statement
from smart_sync_client.api.copies import (
    change_stop_loss,
    change_terms,
    increase_copy,
    quote_stop,
    read_copy,
    start_copy,
    stop_copy,
)
from smart_sync_client.api.devices import list_devices, read_me, revoke_device
from smart_sync_client.api.leads import list_leads, look_back, preview_copy
from smart_sync_client.api.wallet import deposit, read_wallet
from smart_sync_client.models import (
    CopyDetailShape,
    CopyStatus,
    LookBackInputRequest,
    PatchedTermsInputRequest,
    PreviewInputRequest,
    Problem,
    StartInputRequest,
    StopLossInputRequest,
    TransferInputRequest,
    ValueInputRequest,
)

IDENTITY = "/api/identity/app/v1"
WAIT_SECONDS = 120
Answer = TypeVar("Answer")


class Account:
    """The steps of signing up, which are the sign-in library's own and not in the generated client."""

    def __init__(self, url: str) -> None:
        self.http = httpx.Client(base_url=url, headers={"X-Device-Name": "Journey in Python"}, timeout=30)
        self.access_token = ""

    def step(self, method: str, path: str, body: dict[str, str] | None = None) -> dict[str, Any]:
        """Take one step with whatever proves so far who it is, and keep what the answer gives."""
        answer = self.http.request(method, f"{IDENTITY}/{path}", json=body)
        said: dict[str, Any] = answer.json()
        meta = said.get("meta", {})
        if "session_token" in meta:
            self.http.headers["X-Session-Token"] = meta["session_token"]
        if "access_token" in meta:
            self.access_token = meta["access_token"]
            self.http.headers["Authorization"] = f"Bearer {self.access_token}"
        # 401 is the way on as long as a step is left; what is wrong has sentences.
        if "errors" in said:
            sys.exit(f"{path}: " + " ".join(error["message"] for error in said["errors"]))
        return said

    def sign_up(self, email: str, password: str) -> None:
        """Make an account, confirm its address, and give it a second factor."""
        self.step("POST", "auth/signup", {"email": email, "password": password})
        if not self.access_token:
            print("The key in the mail, please:", flush=True)
            self.step("POST", "auth/email/verify", {"key": sys.stdin.readline().strip()})
        if not self.access_token:
            self.step("POST", "auth/login", {"email": email, "password": password})
        self.step("POST", "auth/reauthenticate", {"password": password})
        # A secret that is not used yet comes as a 404: there is no authenticator so far.
        secret = self.step("GET", "account/authenticators/totp")["meta"]["secret"]
        self.step("POST", "account/authenticators/totp", {"code": one_time_code(secret)})


def one_time_code(secret: str) -> str:
    """Return the code of this half minute, as an authenticator app would (RFC 6238)."""
    key = base64.b32decode(secret + "=" * (-len(secret) % 8))
    digest = hmac.new(key, (int(time.time()) // 30).to_bytes(8, "big"), hashlib.sha1).digest()
    place = digest[-1] & 15
    return f"{(int.from_bytes(digest[place : place + 4], 'big') & 0x7FFFFFFF) % 1_000_000:06d}"


def given(answer: Answer | Problem | None) -> Answer:
    """Return what was asked for, or end with the sentence of the refusal."""
    if isinstance(answer, Problem):
        sys.exit(f"{answer.code}: {answer.title}")
    if answer is None:
        sys.exit("The platform answered what its description does not name.")
    return answer


def new_key() -> str:
    """Return the key of one thing to do: a retry sends the same, so that it is done once."""
    return uuid.uuid4().hex


def wait_until(read: Callable[[], CopyDetailShape], status: CopyStatus) -> CopyDetailShape:
    """Return a copy once it has a status."""
    until = time.monotonic() + WAIT_SECONDS
    while (copy := read()).status != status:
        if time.monotonic() > until:
            sys.exit(f"After {WAIT_SECONDS} s the copy is {copy.state}, still.")
        time.sleep(0.5)
    return copy


def main(url: str, email: str, lead: str = "") -> None:
    account = Account(url)
    account.sign_up(email, secrets.token_urlsafe(16))
    api = AuthenticatedClient(base_url=url, token=account.access_token)
    me = given(read_me.sync(client=api))
    print(f"Signed up as {me.email}, second factor: {me.has_second_factor}")

    given(deposit.sync(client=api, body=TransferInputRequest(value="2000.00"), idempotency_key=new_key()))
    leads = given(list_leads.sync(client=api, limit=20)).results
    lead = lead or leads[0].slug
    print(f"{len(leads)} leads, among them " + ", ".join(found.name for found in leads[:3]))

    back = look_back.sync(lead, client=api, body=LookBackInputRequest(investment="1000.00"))
    # A lead without a long enough record is a refusal, and no reason not to copy.
    print(f"Looked back: {back.title if isinstance(back, Problem) else given(back).smart_sync.return_fraction}")
    preview = given(preview_copy.sync(lead, client=api, body=PreviewInputRequest(investment="1000.00")))
    for trade in preview.trades:
        print(f"Would {trade.side.value} {trade.quantity} {trade.coin} for {trade.value}")

    wanted = StartInputRequest(lead=lead, investment="1000.00", stop_loss="300.00")
    copy_id = given(start_copy.sync(client=api, body=wanted, idempotency_key=new_key())).id

    def read() -> CopyDetailShape:
        return given(read_copy.sync(copy_id, client=api))

    print(f"Copying: {wait_until(read, CopyStatus.ACTIVE).worth}")

    given(
        change_stop_loss.sync(
            copy_id, client=api, body=StopLossInputRequest(stop_loss="200.00"), idempotency_key=new_key()
        )
    )
    caps = PatchedTermsInputRequest(weight_max="0.5")
    given(change_terms.sync(copy_id, client=api, body=caps, idempotency_key=new_key()))
    more = ValueInputRequest(value="500.00")
    changed = given(increase_copy.sync(copy_id, client=api, body=more, idempotency_key=new_key()))
    print(f"Changed: {changed.paid_in} paid in, at most {changed.weight_max} of one coin, stops at {changed.stops_at}")

    print(f"Stopping would pay out {given(quote_stop.sync(copy_id, client=api)).payout}")
    given(stop_copy.sync(copy_id, client=api, idempotency_key=new_key()))
    stopped = wait_until(read, CopyStatus.STOPPED)
    statement = given(read_statement.sync(client=api, copy=copy_id))
    print(f"Stopped: {stopped.paid_out} paid out; {len(statement.trades)} trades, result {statement.result}")
    print(f"In the wallet: {given(read_wallet.sync(client=api)).available}")

    (this,) = [device for device in given(list_devices.sync(client=api)) if device.is_this]
    revoke_device.sync(this.id, client=api, idempotency_key=new_key())
    after = read_me.sync(client=api)
    print(f"Revoked {this.name}: {after.title if isinstance(after, Problem) else 'and still in'}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="A follower's whole way, with paper money.")
    parser.add_argument("url", help="where the platform is, as http://localhost:8000")
    parser.add_argument("email", help="an address that has no account yet")
    parser.add_argument("lead", nargs="?", default="", help="the slug of the lead to copy; the first that is listed")
    main(**vars(parser.parse_args()))
