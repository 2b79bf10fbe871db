"""The pages of tagging sessions: one's own, and a new one."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from datasets.permissions import get_may, visible_datasets
from sessions_app.forms import WalkForm
from sessions_app.models import TaggingSession
from sessions_app.permissions import own_walks
from sessions_app.queries.walks import get_walk_cards
from sessions_app.services.walks import WalkRefused, delete_walk, finish_walk, rename_walk, start_walk
from tagger_project.auth import person
from tagging.queries.filtering import BadFilter


@require_safe
def sessions(request: HttpRequest) -> HttpResponse:
    """This person's tagging sessions: open ones first, finished ones with their numbers."""
    user = person(request)
    context = {
        "open_cards": get_walk_cards(user, finished=False),
        "finished_cards": get_walk_cards(user, finished=True),
    }
    return render(request, "sessions_app/sessions.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def start(request: HttpRequest, dataset_id: int) -> HttpResponse:
    """Start a tagging session in a dataset and go to its first picture."""
    user = person(request)
    dataset = get_object_or_404(visible_datasets(user), pk=dataset_id)
    form = WalkForm(request.POST or None, initial={"order": TaggingSession.Order.POSITION})
    if request.method == "POST" and form.is_valid():
        facts = form.cleaned_data
        order = facts["order"] or TaggingSession.Order.POSITION
        try:
            walk = start_walk(dataset, name=facts["name"], filter_text=facts["filter"], order=order, by=user)
        except BadFilter as refused:
            form.add_error("filter", str(refused))
        except WalkRefused as refused:
            form.add_error(refused.field, str(refused))
        else:
            return _to_desk(walk)
    may = get_may(dataset, user)
    context = {"form": form, "dataset": dataset, "may": may, "orders": TaggingSession.Order.choices}
    return render(request, "sessions_app/start.html", context, status=422 if form.errors else 200)


@require_POST
def change(request: HttpRequest, walk_id: int) -> HttpResponse:
    """Rename, finish or delete one of the person's own tagging sessions, as the button says."""
    walk = get_object_or_404(own_walks(person(request)), pk=walk_id)
    wanted = request.POST.get("do")
    if wanted == "finish":
        finish_walk(walk)
    elif wanted == "delete":
        delete_walk(walk)
    elif wanted == "rename":
        try:
            rename_walk(walk, request.POST.get("name", ""))
        except WalkRefused as refused:
            context = {"open_cards": get_walk_cards(person(request), finished=False), "trouble": str(refused)}
            context["finished_cards"] = get_walk_cards(person(request), finished=True)
            return render(request, "sessions_app/sessions.html", context, status=422)
    return redirect("sessions_app:sessions")


def _to_desk(walk: TaggingSession) -> HttpResponse:
    address = redirect("sessions_app:tag", dataset_id=walk.dataset_id)
    address["Location"] += f"?walk={walk.pk}"
    return address
