"""The tagging desk: one picture, its tags, and the way to the next."""

from __future__ import annotations

from dataclasses import asdict

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from datasets.asking import number_from
from datasets.filter_reading import BadFilter
from datasets.models import Dataset
from datasets.permissions import May, get_may, visible_datasets, visible_images
from sessions_app.models import TaggingSession
from sessions_app.permissions import own_walks
from sessions_app.queries import get_desk, get_first_image_id, get_place, get_walk_image_id
from sessions_app.queries.walks import get_walk_cards
from sessions_app.schemas import DeskOut, KeyMapOut
from sessions_app.services.keys import get_key_map
from tagger_project.auth import person
from tagging.permissions import can_edit_vocabulary
from tagging.queries.state import get_image_state


@require_safe
def tag(request: HttpRequest, dataset_id: int) -> HttpResponse:
    """Go to where this person stopped, in the dataset or on a walk; the first time to the first untagged image."""
    user = person(request)
    dataset = get_object_or_404(visible_datasets(user), pk=dataset_id)
    walk = _walk(request, dataset_id)
    if walk is not None:
        try:
            return _go_on(request, walk)
        except BadFilter as refused:
            return _explain(request, refused)
    image_id = get_place(dataset, user).image_id or get_first_image_id(dataset, user)
    if image_id is None:
        return render(request, "sessions_app/empty.html", {"dataset": dataset, "may": get_may(dataset, user)})
    return redirect("sessions_app:tag_image", dataset_id=dataset.pk, image_id=image_id)


def _go_on(request: HttpRequest, walk: TaggingSession) -> HttpResponse:
    image_id = get_walk_image_id(walk, person(request))
    if image_id is None:
        may = get_may(walk.dataset, person(request))
        return render(request, "sessions_app/empty.html", {"dataset": walk.dataset, "may": may, "walk": walk})
    page = reverse("sessions_app:tag_image", args=[walk.dataset_id, image_id])
    return redirect(f"{page}?walk={walk.pk}")


def _explain(request: HttpRequest, refused: BadFilter) -> HttpResponse:
    """Show the sessions and why one of them cannot go on just now: its filter may ask for what is being counted."""
    context = {
        "trouble": str(refused),
        "open_cards": get_walk_cards(person(request), finished=False),
        "finished_cards": get_walk_cards(person(request), finished=True),
    }
    return render(request, "sessions_app/sessions.html", context, status=503)


def _walk(request: HttpRequest, dataset_id: int) -> TaggingSession | None:
    """The walk that the address names: one of the person's own in this dataset, else nothing is there."""
    text = request.GET.get("walk", "")
    if not text:
        return None
    return get_object_or_404(own_walks(person(request)), pk=number_from(text), dataset=dataset_id)


@require_safe
def tag_image(request: HttpRequest, dataset_id: int, image_id: int) -> HttpResponse:
    """Show the desk for one image; its scripts go on from there without loading the page again.

    They also keep the place: a GET changes nothing, so that a browser that fetches ahead moves nobody.
    """
    user = person(request)
    image = get_object_or_404(visible_images(user), pk=image_id, dataset=dataset_id)
    walk = _walk(request, dataset_id)
    try:
        desk, state = get_desk(image, user, walk), get_image_state(image)
    except BadFilter as refused:
        return _explain(request, refused)
    query = f"?walk={walk.pk}" if walk else ""
    may = get_may(image.dataset, user)
    shown = DeskOut.of(desk, state)
    context = {
        "dataset": image.dataset,
        "desk": desk,
        "state": state,
        "walk": walk,
        "query": query,
        "may": may,
        "file": shown.image,
        "payload": {
            "dataset": {
                "id": image.dataset.pk,
                "name": image.dataset.name,
                # Read before the words: what changed in between is told once more.
                "revision": image.dataset.revision,
            },
            "desk": shown.model_dump(mode="json"),
            "walk": {"id": walk.pk, "is_finished": walk.finished_at is not None} if walk else None,
            # What is not in here is on the page for nobody to press; the server refuses it all the same.
            "may": {**asdict(may), "teach": can_edit_vocabulary(user)},
            # Whose work one may take back without being a reviewer.
            "me": user.get_username() if user else "",
            "keys": KeyMapOut.from_orm(get_key_map(user)).model_dump(),
            "urls": _addresses(image.dataset, query, may),
        },
    }
    return render(request, "sessions_app/tag.html", context)


def _addresses(dataset: Dataset, query: str, may: May) -> dict[str, str]:
    """Where the desk's scripts lead to; what one may not do has none."""
    addresses = {
        "api": reverse("api-1:api-root"),
        # The scripts put an image's number in the place of the 0.
        "image": reverse("sessions_app:tag_image", args=[dataset.pk, 0]) + query,
        "export": reverse("tagging:export", args=[dataset.pk]),
        "history": reverse("tagging:history", args=[dataset.pk]),
        "versions": reverse("tagging:versions", args=[dataset.pk]),
        "board": reverse("tagging:board", args=[dataset.pk]),
        "grid": reverse("datasets:detail", args=[dataset.pk]),
        "datasets": reverse("datasets:list"),
        "vocabulary": reverse("tagging:vocabulary"),
        "keys": reverse("sessions_app:keys"),
        "sessions": reverse("sessions_app:sessions"),
        "login": reverse("account_login"),
    }
    if may.edit:
        addresses["import"] = reverse("datasets:import", args=[dataset.pk])
    return addresses
