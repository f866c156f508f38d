"""A program that uses the platform: it signs in once and speaks JSON."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from accounts import devices
from accounts.models import User


@dataclass
class Program:
    """Somebody's program, or nobody's when there is no token."""

    token: str = ""

    @staticmethod
    def of(user: User) -> "Program":
        _, tokens = devices.open_device(user=user, now=timezone.now())
        return Program(token=tokens.access_token)

    def get(self, path: str, **query: Any) -> HttpResponse:
        return Client().get(f"/api/v1/{path}", query, headers=self._headers(""))

    def post(self, path: str, body: Any = None, *, key: str = "") -> HttpResponse:
        return self.send("POST", path, body, key=key)

    def put(self, path: str, body: Any = None, *, key: str = "") -> HttpResponse:
        return self.send("PUT", path, body, key=key)

    def send(self, method: str, path: str, body: Any = None, *, key: str = "") -> HttpResponse:
        send = getattr(Client(raise_request_exception=False), method.lower())
        if method == "GET":
            return send(f"/api/v1/{path}", headers=self._headers(key))
        return send(
            f"/api/v1/{path}",
            {} if body is None else body,
            content_type="application/json",
            headers=self._headers(key),
        )

    def _headers(self, key: str) -> dict[str, str]:
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        return headers | ({"Idempotency-Key": key} if key else {})
