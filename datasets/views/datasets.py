"""The pages of datasets: the list, a new one, the grid, the settings."""

from __future__ import annotations

from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from datasets.forms import DatasetForm
from datasets.models import Dataset, Flag, ReviewState
from datasets.names import SPLIT_WORDS
from datasets.permissions import check_can_manage, get_may, visible_datasets
from datasets.queries.images import Asked
from datasets.queries.ordering import Order
from datasets.queries.pages import get_dataset_cards, get_dataset_page
from datasets.services.datasets import DatasetError, change_dataset, create_dataset
from tagger_project.auth import person

# In the words of the filter language, which is read elsewhere.
_UNTAGGED = "is:untagged"


@require_safe
def dataset_list(request: HttpRequest) -> HttpResponse:
    """All datasets, the newest first."""
    return render(request, "datasets/list.html", {"cards": get_dataset_cards(visible_datasets(person(request)))})


@require_http_methods(["GET", "HEAD", "POST"])
def create(request: HttpRequest) -> HttpResponse:
    """Make a dataset, then go on to bring its pictures."""
    form = DatasetForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            dataset = create_dataset(**form.cleaned_data, by=person(request))
        except DatasetError as error:
            form.refuse(error)
        else:
            return redirect("datasets:import", dataset.pk)
    context = {"form": form, "split_words": " ".join(sorted(SPLIT_WORDS))}
    return render(request, "datasets/create.html", context, status=422 if form.errors else 200)


@require_safe
def detail(request: HttpRequest, dataset_id: int) -> HttpResponse:
    """The pictures of a dataset as a grid."""
    user = person(request)
    dataset = get_object_or_404(visible_datasets(user), pk=dataset_id)
    if filter_text := _filter_of_old_link(request.GET):
        return redirect(f"{request.path}?{urlencode({'filter': filter_text})}")
    order = next((order for order in Order if order.value == request.GET.get("order")), Order.ADDED)
    asked = Asked(dataset, request.GET.get("filter", ""), order)
    view = get_dataset_page(asked, after=request.GET.get("after", ""))
    may = get_may(dataset, user)
    context = {
        "view": view,
        "asked": asked,
        "dataset": dataset,
        "only_untagged": asked.filter == _UNTAGGED,
        "flag": next((flag for flag in Flag if _flag_filter(flag) == asked.filter), None),
        "state": next((state for state in ReviewState if _state_filter(state) == asked.filter), None),
        "flag_filters": [(flag, _flag_filter(flag), count) for flag, count in view.flagged.items()],
        "state_filters": [(state, _state_filter(state), count) for state, count in view.states.items()],
        "can_edit": may.edit,
        "may": may,
    }
    return render(request, "datasets/detail.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def settings(request: HttpRequest, dataset_id: int) -> HttpResponse:
    """Change a dataset's name, file prefix and trigger word."""
    user = person(request)
    dataset: Dataset = get_object_or_404(visible_datasets(user), pk=dataset_id)
    check_can_manage(dataset, user)
    title = dataset.name
    form = DatasetForm.of(dataset, request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            change_dataset(dataset, **form.cleaned_data, by=user)
        except DatasetError as error:
            form.refuse(error)
        else:
            messages.success(request, _("Saved."))
            return redirect("datasets:detail", dataset.pk)
    words = " ".join(sorted(SPLIT_WORDS))
    context = {"form": form, "dataset": dataset, "may": get_may(dataset, user), "title": title, "split_words": words}
    return render(request, "datasets/settings.html", context, status=422 if form.errors else 200)


def _flag_filter(flag: Flag) -> str:
    return f"is:{flag.value}"


def _state_filter(state: ReviewState) -> str:
    return f"state:{state.value.lower().replace('_', '-')}"


def _filter_of_old_link(query: QueryDict) -> str:
    """Return what `?untagged=1`, `?flag=` and `?state=` ask for in the words of a filter; empty without them."""
    words = [_UNTAGGED] if query.get("untagged") == "1" else []
    words += [_flag_filter(flag) for flag in Flag if flag.value == query.get("flag")]
    words += [_state_filter(state) for state in ReviewState if state.value == query.get("state")]
    return " ".join(words)
