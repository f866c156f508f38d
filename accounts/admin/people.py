"""People, and what was done by whom: to be read."""

from allauth.mfa.models import Authenticator
from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html

from accounts.admin.tables import ReadOnlyAdmin, list_link
from accounts.models import IdempotentRequest, LedgerAccount, RequestKey, User


@admin.register(User)
class PersonAdmin(ReadOnlyAdmin):
    """People, to be found and read: what changes for them is asked for by one operator and approved by another."""

    ordering = ("email",)
    list_display = ("email", "sheet", "date_joined", "last_login", "is_active", "is_staff")
    list_filter = ("is_staff", "is_active", "groups", "date_joined")
    search_fields = ("email", "first_name", "last_name")
    fieldsets = (
        (None, {"fields": ("email", "sheet", "first_name", "last_name", "jurisdiction", "money", "factors", "ask")}),
        ("May", {"fields": ("is_active", "is_staff", "is_superuser", "roles", "vouched")}),
        ("Dates", {"fields": ("date_joined", "last_login")}),
    )

    def get_readonly_fields(self, request: HttpRequest, user: User | None = None) -> tuple[str, ...]:
        return tuple(str(name) for _, part in self.get_fieldsets(request, user) for name in part["fields"])

    @admin.display(description="all about them")
    def sheet(self, user: User) -> str:
        # The page is told by who knows more than people, and known here by its name.
        return format_html('<a href="{}">Sheet</a>', reverse("admin:accounts_user_sheet", args=[user.pk]))

    @admin.display(description="money")
    def money(self, user: User) -> str:
        return list_link(LedgerAccount, label="Ledger accounts of this person", owner__id__exact=user.pk)

    @admin.display(description="second factors")
    def factors(self, user: User) -> str:
        factors = Authenticator.objects.filter(user=user).exclude(type=Authenticator.Type.RECOVERY_CODES)
        return ", ".join(factor.get_type_display() for factor in factors) or "none"

    @admin.display(description="roles")
    def roles(self, user: User) -> str:
        return ", ".join(user.groups.order_by("name").values_list("name", flat=True)) or admin.site.empty_value_display

    @admin.display(description="made by")
    def vouched(self, user: User) -> str:
        made = user.vouchings.select_related("maker").order_by("-at")[:10]
        return "; ".join(f"{one.get_act_display()} by {one.maker or 'the server'}, {one.at:%Y-%m-%d}" for one in made)

    @admin.display(description="change")
    def ask(self, user: User) -> str:
        url = reverse("admin:accounts_operatorrequest_request", query={"person": user.email})
        return format_html('<a href="{}">Ask for a change of rights or sign-in</a>', url)


@admin.register(Group)
class RoleAdmin(ReadOnlyAdmin):
    """Roles come with the platform: see `smartsync_site.operators.roles`."""

    ordering = ("name",)
    search_fields = ("name",)


@admin.register(RequestKey)
class RequestKeyAdmin(ReadOnlyAdmin):
    list_display = ("key", "user", "words", "used_at")
    list_filter = ("used_at",)
    list_select_related = ("user",)
    ordering = ("-pk",)
    search_fields = ("user__email", "=key", "words")


@admin.register(IdempotentRequest)
class IdempotentRequestAdmin(ReadOnlyAdmin):
    list_display = ("key", "user", "response_status", "created_at")
    list_filter = ("response_status", "created_at")
    list_select_related = ("user",)
    ordering = ("-created_at",)
    search_fields = ("key", "user__email")


@admin.register(LogEntry)
class AuditAdmin(ReadOnlyAdmin):
    """Who did what here, and when. Written by every action, changed by none."""

    list_display = ("action_time", "user", "content_type", "object_repr", "action_flag", "change_message")
    list_filter = ("action_flag", "content_type", "action_time")
    list_select_related = ("user", "content_type")
    ordering = ("-action_time",)
    search_fields = ("user__email", "object_repr", "change_message")
