"""What holds now of what operators announced, for whoever asks."""

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.endpoint import OpenEndpoint
from accounts.api.problems import documented
from copytrading.api.finding import visitor
from copytrading.api.shapes.desk import AnnouncementShape
from copytrading.queries.desk.announcements import announcements_for


class Announcements(OpenEndpoint):
    @extend_schema(
        operation_id="list_announcements",
        tags=["announcements"],
        summary="What the operators announce to you now",
        description="Warnings first, then the latest; what you closed on a page is left out. Without a token it is what"
        " is for everybody.",
        responses=documented({200: AnnouncementShape(many=True)}, problems=(429,)),
    )
    def get(self, request: Request) -> Response:
        said = announcements_for(visitor(request), now=timezone.now())
        return Response(AnnouncementShape(said, many=True).data)
