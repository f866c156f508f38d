"""A follower's pages as a browser without a script uses them: what is read, what is sent."""

import re

from django.test import Client
from django.urls import reverse

from copytrading.models import Copy


def page(client: Client, name: str, copy: Copy | None = None, **options: object) -> str:
    response = client.get(reverse(name, args=[copy.pk] if copy else []), **options)
    assert response.status_code == 200, response.status_code
    return response.content.decode()


def send(client: Client, name: str, copy: Copy, **fields: str) -> str:
    return client.post(reverse(name, args=[copy.pk]), fields, follow=True).content.decode()


def hidden_fields(content: str) -> dict[str, str]:
    """Return what the confirmation on a page would send, as a browser does."""
    form = content[: content.index('value="confirm"')].rpartition("<form")[2] + content.split('value="confirm"', 1)[1]
    inputs = re.findall(r"<input[^>]*>", form.partition("</form>")[0] + 'name="step"')
    fields = {}
    for tag in inputs:
        name, value = re.search(r'name="([^"]*)"', tag), re.search(r'value="([^"]*)"', tag)
        if name and value and name[1] != "csrfmiddlewaretoken":
            fields[name[1]] = value[1]
    return {**fields, "step": "confirm"}
