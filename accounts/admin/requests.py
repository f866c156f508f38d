"""What operators ask each other for: changes of somebody's rights and sign-in, and who made whom an operator."""

from collections.abc import Iterator
from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.auth.models import Group
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from accounts import approvals
from accounts.admin.acting import operator_action, operator_of
from accounts.admin.asking import AskingAdmin
from accounts.admin.tables import ReadOnlyAdmin
from accounts.audit import REASON_LENGTH_MAX
from accounts.models import AuditEntry, AuditHead, OperatorRequest, User, Vouching
from accounts.models.operators import APPROVED_WITHIN

Kind = OperatorRequest.Kind
WANTED = {Kind.RIGHTS: ("is_staff", "is_superuser", "roles"), Kind.EMAIL: ("email",), Kind.ACTIVITY: ("is_active",)}


class ChangeForm(forms.Form):
    """A change to ask for. What does not belong to its kind is not looked at."""

    person = forms.EmailField(
        label="Whom it is about", help_text="The address they sign in with.", error_messages={"required": "Whom?"}
    )
    kind = forms.ChoiceField(label="What is to be done", choices=Kind.choices)
    is_staff = forms.BooleanField(label="Rights: may open this panel", required=False)
    roles = forms.MultipleChoiceField(label="Rights: roles", required=False, widget=forms.CheckboxSelectMultiple)
    is_superuser = forms.BooleanField(label="Rights: may do everything", required=False)
    email = forms.EmailField(label="Address: the new one", required=False)
    is_active = forms.BooleanField(label="Sign-in: may sign in", required=False)
    reason = forms.CharField(
        label="Why", max_length=REASON_LENGTH_MAX, error_messages={"required": "Another operator has to approve it."}
    )

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        roles = self.fields["roles"]
        assert isinstance(roles, forms.MultipleChoiceField)
        roles.choices = [(name, name) for name in Group.objects.order_by("name").values_list("name", flat=True)]

    def clean_person(self) -> User:
        found = User.objects.filter(email__iexact=self.cleaned_data["person"]).first()
        if found is None:
            raise forms.ValidationError("Nobody signs in with this address.")
        return found

    def wanted(self) -> dict[str, Any]:
        """Return what is wanted, of the kind that was chosen."""
        return {name: self.cleaned_data[name] for name in WANTED.get(Kind(self.cleaned_data["kind"]), ())}


@admin.register(OperatorRequest)
class OperatorRequestAdmin(AskingAdmin):
    list_display = ("id", "person", "kind", "wanted_shown", "state", "requested_by", "requested_at", "approved_by")
    list_filter = ("kind", "requested_at")
    list_select_related = ("person", "requested_by", "approved_by")
    ordering = ("-requested_at",)
    search_fields = ("=id", "reason", "person__email", "requested_by__email", "approved_by__email")
    actions = ("approve", "withdraw")
    fields = (
        "person", "kind", "wanted_shown", "reason", "state", "requested_by", "requested_at", "approved_by",
        "approved_at", "withdrawn_at",
    )  # fmt: skip
    readonly_fields = fields
    asking, asking_title, asking_verb = "request", "Ask for a change of rights or sign-in", "ask for it"
    asking_consequence = "Nothing changes until another operator approves it, within a day."
    asking_done = "Asked for."
    asking_form = ChangeForm

    @admin.display(description="what is to be")
    def wanted_shown(self, request: OperatorRequest) -> str:
        if request.kind == Kind.RIGHTS:
            said = [*request.wanted["roles"], *(["everything"] if request.wanted["is_superuser"] else [])]
            return ", ".join(said) or ("the panel, to look at nothing" if request.wanted["is_staff"] else "no rights")
        if request.kind == Kind.ACTIVITY:
            return "may sign in" if request.wanted["is_active"] else "may not sign in"
        return str(request.wanted.get("email", admin.site.empty_value_display))

    @admin.display(description="state")
    def state(self, request: OperatorRequest) -> str:
        if request.approved_at:
            return "carried out"
        if request.withdrawn_at:
            return "withdrawn"
        return "waits" if timezone.now() - request.requested_at <= APPROVED_WITHIN else "its day is over"

    def carry_out(self, request: HttpRequest, cleaned: dict[str, Any]) -> Model:
        form = self.form_for(request)
        form.full_clean()
        assert isinstance(form, ChangeForm)
        return approvals.request_change(
            kind=Kind(cleaned["kind"]),
            person=cleaned["person"],
            wanted=form.wanted(),
            reason=cleaned["reason"],
            by=operator_of(request),
            now=timezone.now(),
        )

    @operator_action("Approve: carry it out")
    def approve(self, request: HttpRequest, rows: QuerySet[OperatorRequest]) -> HttpResponse | None:
        question = self.ask_first(
            request,
            rows,
            action="approve",
            verb="carry it out",
            question="Is it so?",
            consequence="It is done at once, and all sessions of the person end.",
        )
        if question is None:
            now = timezone.now()
            self.act(
                request,
                rows,
                verb=lambda row: approvals.approve_change(request_id=row.pk, by=operator_of(request), now=now),
                done="Approved",
                tried="approve",
            )
        return question

    @operator_action("Withdraw")
    def withdraw(self, request: HttpRequest, rows: QuerySet[OperatorRequest]) -> None:
        now = timezone.now()
        self.act(
            request,
            rows,
            verb=lambda row: approvals.withdraw_change(request_id=row.pk, now=now),
            done="Withdrawn",
            tried="withdraw",
        )


@admin.register(Vouching)
class VouchingAdmin(ReadOnlyAdmin):
    list_display = ("person", "act", "maker", "at")
    list_filter = ("act", "at")
    list_select_related = ("person", "maker")
    ordering = ("-at",)
    search_fields = ("person__email", "maker__email")


@admin.register(AuditHead)
class AuditHeadAdmin(ReadOnlyAdmin):
    list_display = ("number", "hash")
    search_fields = ("hash",)


class ObjectTypeFilter(admin.AllValuesFieldListFilter):
    """By what was acted on; some acts are on nothing."""

    def choices(self, changelist: Any) -> Iterator[Any]:
        for choice in super().choices(changelist):
            yield {**choice, "display": choice["display"] or "nothing"}


@admin.register(AuditEntry)
class AuditEntryAdmin(ReadOnlyAdmin):
    """Who did and looked at what, and when. Written by the panel itself, changed by nobody."""

    list_display = ("number", "at", "actor", "words", "reason", "object_link", "address")
    list_filter = ("at", ("object_type", ObjectTypeFilter))
    list_select_related = ("actor",)
    ordering = ("-number",)
    search_fields = ("=number", "actor__email", "=object_id", "words", "reason", "=request_id")

    @admin.display(description="about")
    def object_link(self, entry: AuditEntry) -> str:
        return f"{entry.object_type} {entry.object_id}".strip()
