"""
A check to look at: it answers what an operator's own would, by a rule that anybody can read.

    an address with "sanctioned" in it     deny, whatever is asked
    an address with "minor" in it          deny at the sign-up and as a lead
    from 50,000 on                         deny
    from 10,000 on, and every lead         ask an operator
    everything else                        allow, for a minute
"""

import json
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from standardwebhooks import Webhook as Verifier
from standardwebhooks import WebhookVerificationError

DENIED_FROM, ASKED_FROM = Decimal(50_000), Decimal(10_000)
BODY_BYTES_MAX = 65_536


def answer_to(question: dict[str, Any]) -> dict[str, Any]:
    """Return the answer to the `data` of a question."""
    email, act = str(question["person"]["email"]), question["act"]
    value = Decimal(question["value"] or 0)
    if "sanctioned" in email:
        return {"answer": "deny", "sentence": "This person is on a list, so nothing can be done here."}
    if "minor" in email and act in ("sign_up", "lead"):
        return {"answer": "deny", "sentence": "One has to be of age for that."}
    if value >= DENIED_FROM:
        return {"answer": "deny", "sentence": f"More than {DENIED_FROM:,} at once takes a talk with us first."}
    if value >= ASKED_FROM or act == "lead":
        return {"answer": "ask", "sentence": "Somebody looks at this first. You are told once it is decided."}
    return {"answer": "allow", "cache_seconds": 60}


class _Handler(BaseHTTPRequestHandler):
    """Takes a question whose signature is good, and answers it."""

    verifier: Verifier

    def do_POST(self) -> None:
        body = self.rfile.read(min(int(self.headers.get("Content-Length") or 0), BODY_BYTES_MAX))
        try:
            self.verifier.verify(body.decode(), {name.lower(): value for name, value in self.headers.items()})
            self._say(200, answer_to(json.loads(body)["data"]))
        except WebhookVerificationError:
            self._say(401, {"trouble": "The signature is not good."})
        except (ValueError, KeyError, TypeError, ArithmeticError):
            self._say(400, {"trouble": "This is no question."})

    def _say(self, status: int, said: dict[str, Any]) -> None:
        body = json.dumps(said).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Say nothing: who asked what stands in the platform's own table."""


def demo_gate(*, port: int, secret: str) -> ThreadingHTTPServer:
    """Return a check that listens on this machine; 0 is a free port."""
    handler = type("_HandlerOfOne", (_Handler,), {"verifier": Verifier(secret)})
    server = ThreadingHTTPServer(("127.0.0.1", port), handler)
    server.daemon_threads = True
    return server
