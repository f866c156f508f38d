"""What the description of the API says that its serializers cannot."""

from typing import Any


def close_requests(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """Say of every body that it takes no other fields than those it names."""
    for name, component in result["components"]["schemas"].items():
        if name.endswith("Request"):
            component["additionalProperties"] = False
    return result
