"""What the description of the API says that its serializers cannot."""

from typing import Any

from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse

from accounts.api.answering import sparse
from accounts.api.problems import PROBLEM_TYPE, SENTENCES, ProblemSerializer


class DescribedSchema(AutoSchema):
    """Says of every address that is on its way out that it is, and of every answer to GET that it can be sparse."""

    def is_deprecated(self) -> bool:
        return super().is_deprecated() or getattr(self.view, "deprecation", None) is not None

    def get_override_parameters(self) -> list[OpenApiParameter]:
        shape = self._sparse_shape()
        return super().get_override_parameters() + ([] if shape is None else [sparse.parameter_of(shape)])

    def _get_response_bodies(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        found: dict[str, Any] = super()._get_response_bodies(*args, **kwargs)
        if self._sparse_shape() is not None:
            found["200"]["description"] = sparse.WHOLE_OR_SPARSE
            if "400" not in found:
                refusal = OpenApiResponse(ProblemSerializer, description=SENTENCES[400])
                found["400"] = self._get_response_for_code(refusal, "400", [PROBLEM_TYPE])
        return found

    def _sparse_shape(self) -> sparse.Shape | None:
        return sparse.shape_in(self.get_response_serializers()) if self.method == "GET" else None


def close_requests(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """Say of every body that it takes no other fields than those it names."""
    for name, component in result["components"]["schemas"].items():
        if name.endswith("Request"):
            component["additionalProperties"] = False
    return result


def leave_out_sparse(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """
    Leave the parameter for sparse answers out of a description that clients are made from.

    A generated client reads every answer into a class or type that has all its fields, and would refuse a part of it.
    """
    for operations in result["paths"].values():
        if "get" in operations and "parameters" in operations["get"]:
            kept = [one for one in operations["get"]["parameters"] if one["name"] != sparse.PARAMETER]
            operations["get"]["parameters"] = kept
    return result
