"""The program's addresses and one that breaks, for what is said then."""

from django.http import HttpRequest, HttpResponse
from django.urls import path

from tagger_project.urls import urlpatterns as own


def breaks(request: HttpRequest) -> HttpResponse:
    raise RuntimeError("This page is broken on purpose.")


urlpatterns = [path("breaks/", breaks), *own]
