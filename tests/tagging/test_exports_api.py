"""`/api/v1` and the address of the archives: exports over HTTP."""

from __future__ import annotations

import json
import uuid
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.test import AsyncClient, Client
from django.urls import reverse

from datasets.models import Dataset, Image
from tagging.exports_schemas import OptionsIn
from tagging.models import ExportJob, VersionChunk
from tagging.services.exports.keeping import folder_of
from tagging.services.exports.running import run_export
from tagging.services.versions import freeze
from tagging.trainers.profiles import PROFILE_SLUGS
from tests import factories, images
from tests.tagging.doing import adding, apply, bring_in, picture_of, writing
from tests.tagging.exporting import export, paths_of, start

pytestmark = pytest.mark.django_db


@pytest.fixture
def dataset() -> Dataset:
    return factories.make_dataset(name="Ohwx", file_prefix="ohwx", trigger_word="ohwx")


@pytest.fixture
def pictures(dataset: Dataset) -> list[Image]:
    """A tagged picture, an untagged one, and one that no trainer reads as it is."""
    files = [("a.jpg", images.encoded(seed=1)), ("b.jpg", images.encoded(seed=2)), ("c.gif", images.encoded("GIF"))]
    rows = [picture_of(item) for item in bring_in(dataset, files)]
    apply(rows[0], adding("sofa"), writing("On a sofa."))
    apply(rows[2], adding("moving"))
    return rows


def post(client: Client, address: str, body: Any = None) -> Any:
    return client.post(f"/api/v1{address}", body or {}, content_type="application/json")


def ask(client: Client, dataset: Dataset, profile: str = "plain", **facts: Any) -> Any:
    """Ask for an export."""
    own: dict[str, Any] = {name: facts.pop(name) for name in ("key", "version", "images") if name in facts}
    body = {"key": str(uuid.uuid4()), "options": {"profile": profile, **facts}, **own}
    return post(client, f"/datasets/{dataset.pk}/exports", body)


def preview(client: Client, dataset: Dataset, image: list[int] | None = None, **options: Any) -> Any:
    """Ask for what would be exported."""
    asked: dict[str, Any] = {"options": json.dumps({"profile": "plain", **options}), "image": image or []}
    return client.get(f"/api/v1/datasets/{dataset.pk}/caption-preview", asked)


# --- starting, following, stopping ------------------------------------------------------------------------------------


def test_the_profiles_and_their_own_options_are_taken(client: Client, dataset: Dataset, pictures: list[Image]) -> None:
    profiles = client.get("/api/v1/export-profiles").json()
    assert tuple(profile["slug"] for profile in profiles) == PROFILE_SLUGS
    for profile in profiles:
        for variant in profile["variants"]:
            facts = {"variant": variant["slug"], "template": variant["template"], "style": profile["default_style"]}
            assert ask(client, dataset, profile["slug"], **facts).status_code == 202
    civitai = next(profile for profile in profiles if profile["slug"] == "civitai")
    assert civitai["most_images_a_part"] == 1000


def test_from_the_start_to_the_file(client: Client, dataset: Dataset, pictures: list[Image]) -> None:
    answer = ask(client, dataset, "kohya", filter="sofa OR moving")
    assert answer.status_code == 202
    started = answer.json()
    assert (started["state"], started["total"], started["done"], started["archives"]) == ("WAITING", 2, 0, [])
    assert started["version"]["title"] == "Version 1"
    run_export(started["id"])
    done = client.get(f"/api/v1/exports/{started['id']}").json()
    assert (done["state"], done["done"], done["is_offered"], done["error"]) == ("DONE", 2, True, "")
    [archive] = done["archives"]
    assert archive["file_name"] == "ohwx-kohya-v1.zip"
    answer = client.get(archive["address"])
    content = paths_of(ExportJob.objects.get())[0].read_bytes()
    assert (answer.status_code, answer["Content-Type"]) == (200, "application/zip")
    assert answer["Content-Disposition"] == 'attachment; filename="ohwx-kohya-v1.zip"'
    assert int(answer["Content-Length"]) == archive["size"] == len(content)
    assert answer["ETag"] == f'"{archive["sha256"]}"'
    assert client.get(f"/api/v1/datasets/{dataset.pk}/exports").json() == [done]
    # What it was made by can be sent again, and gives the same.
    again = post(
        client,
        f"/datasets/{dataset.pk}/exports",
        {"key": str(uuid.uuid4()), "options": done["options"], "version": done["version"]["id"]},
    ).json()
    run_export(again["id"])
    assert client.get(f"/api/v1/exports/{again['id']}").json()["archives"][0]["sha256"] == archive["sha256"]


def test_the_same_key_is_the_same_export(client: Client, dataset: Dataset, pictures: list[Image]) -> None:
    key = str(uuid.uuid4())
    assert ask(client, dataset, key=key).json() == ask(client, dataset, key=key).json()
    other = factories.make_dataset()
    factories.make_image(other)
    assert ask(client, other, key=key).status_code == 409


def test_the_exports_of_a_version(client: Client, dataset: Dataset, pictures: list[Image]) -> None:
    first = start(dataset)
    apply(pictures[0], adding("later"))
    start(dataset)
    address = f"/api/v1/datasets/{dataset.pk}/exports"
    assert [each["id"] for each in client.get(address, {"version": first.version_id}).json()] == [first.pk]
    assert client.get(address, {"version": 999}).json() == []
    for nonsense in ("0", "x", str(2**63), "9" * 40):
        assert client.get(address, {"version": nonsense}).status_code == 422


def test_it_is_cancelled_and_deleted(client: Client, dataset: Dataset, pictures: list[Image]) -> None:
    job = start(dataset)
    assert post(client, f"/exports/{job.pk}/cancel").json()["state"] == "CANCELLED"
    done = export(dataset)
    assert client.delete(f"/api/v1/exports/{done.pk}", content_type="application/json").status_code == 204
    assert not folder_of(done).exists()
    assert client.get(f"/api/v1/exports/{done.pk}").status_code == 404


@pytest.mark.parametrize(
    ("facts", "code", "sentence"),
    [
        ({"profile": "no"}, 422, "There is no profile “no”"),
        ({"template": "{tgas}"}, 422, "is none of the placeholders"),
        ({"template": "{tags} \x00"}, 202, ""),
        ({"filter": "size:small"}, 422, "“small” is no size"),
        ({"filter": "heron"}, 422, "No image is what the filter asks for"),
        ({"nonsense": 1}, 422, "nonsense"),
        ({"style": {"marker": "|||"}}, 422, "does not know “|||”"),
        ({"pixels": {"background": "red"}}, 422, "background"),
        ({"images": [2**70, -1]}, 422, "No image is what the filter asks for"),
        ({"images": [1], "version": 10**6}, 404, "nothing here"),
        ({"key": "x"}, 422, "key"),
    ],
)
def test_what_cannot_be_done_is_said(
    client: Client, dataset: Dataset, pictures: list[Image], facts: dict[str, Any], code: int, sentence: str
) -> None:
    answer = ask(client, dataset, facts.pop("profile", "plain"), **facts)
    assert answer.status_code == code
    assert sentence in answer.json().get("detail", "")


def test_an_empty_dataset_is_refused_with_a_sentence(client: Client, dataset: Dataset) -> None:
    answer = ask(client, dataset)
    assert (answer.status_code, answer.json()["detail"]) == (422, "“Ohwx” has no images yet. Import some first.")


def test_starting_is_a_post(strict_client: Client, dataset: Dataset, pictures: list[Image]) -> None:
    assert ask(strict_client, dataset).status_code == 403
    assert not ExportJob.objects.exists()


def test_in_password_mode_nobody_sees_anything_without_a_login(
    client: Client, dataset: Dataset, pictures: list[Image], password_mode: None
) -> None:
    job = export(dataset)
    for address in (
        "/export-profiles",
        f"/datasets/{dataset.pk}/exports",
        f"/exports/{job.pk}",
        f"/datasets/{dataset.pk}/caption-preview?options={{}}",
    ):
        assert client.get(f"/api/v1{address}").status_code == 401
    assert ask(client, dataset).status_code == 401
    assert client.get(file_address(job)).status_code == 302
    client.force_login(factories.make_member(dataset))
    assert client.get(file_address(job)).status_code == 200


def test_the_export_page(client: Client, image: Image) -> None:
    address = reverse("tagging:export", args=[image.dataset_id])
    assert client.get(address).status_code == 200
    assert client.post(address).status_code == 405
    assert client.get(reverse("tagging:export", args=[999_999])).status_code == 404


def test_an_export_of_a_version_that_is_damaged_is_refused_with_a_sentence(
    client: Client, dataset: Dataset, pictures: list[Image]
) -> None:
    version = freeze(dataset, name="good", by=None)
    VersionChunk.objects.all().delete()
    answer = ask(client, dataset, version=version.pk, filter="sofa")
    assert (answer.status_code, "backup" in answer.json()["detail"]) == (409, True)


# --- the preview ------------------------------------------------------------------------------------------------------


def test_the_preview_shows_real_images_as_a_trainer_reads_them(
    client: Client, dataset: Dataset, pictures: list[Image]
) -> None:
    told = preview(client, dataset, template="{trigger}: {tags}").json()
    assert (told["images"], told["untagged"], told["converted"], told["left_out"]) == (3, 1, 1, 0)
    assert told["byte_size"] == sum(image.byte_size for image in pictures)
    assert told["file_names"] == ["ohwx-plain-v1.zip"]
    assert told["others"] == ["tags.txt", "manifest.json"]
    shown = [(each["picture_name"], each["text_name"], each["text"], each["converted"]) for each in told["examples"]]
    assert shown == [
        ("ohwx/ohwx-0001.jpg", "ohwx/ohwx-0001.txt", "ohwx: sofa", False),
        ("ohwx/ohwx-0003.png", "ohwx/ohwx-0003.txt", "ohwx: moving", True),
    ]
    assert told["examples"][0]["clip"] is None or told["examples"][0]["clip"] > 1


def test_the_preview_is_what_is_written(client: Client, dataset: Dataset, pictures: list[Image]) -> None:
    for options in ({}, {"untagged": "leave-out"}, {"filter": "moving"}, {"pixels": {"longest_side": 100}}):
        told = preview(client, dataset, **options).json()
        job = export(dataset, **options)
        assert [path.name for path in paths_of(job)] == told["file_names"]
        assert (job.total, job.version.images - job.total) == (told["images"], 3 - told["images"])


def test_the_preview_of_chosen_images(client: Client, dataset: Dataset, pictures: list[Image]) -> None:
    told = preview(client, dataset, image=[pictures[2].pk]).json()
    assert [each["picture_name"] for each in told["examples"]] == ["ohwx/ohwx-0001.png"]


@pytest.mark.parametrize(
    "options", ["", "{", "[]", '{"profile": 3}', '{"profile": "plain", "x": 1}', '{"profile":"?"}']
)
def test_a_preview_of_nonsense_is_refused(client: Client, dataset: Dataset, options: str) -> None:
    answer = client.get(f"/api/v1/datasets/{dataset.pk}/caption-preview", {"options": options})
    assert answer.status_code == 422
    assert answer.json()["detail"]


def test_what_is_left_out_of_options_is_the_profiles() -> None:
    options = OptionsIn.model_validate({"profile": "civitai", "variant": "caption"}).to_options()
    assert options.template == "{trigger} {caption}, {tags}"
    assert not options.style.keeps_prose_start


# --- downloads --------------------------------------------------------------------------------------------------------


def file_address(job: ExportJob) -> str:
    return reverse("tagging:export_file", args=[job.dataset_id, job.pk, job.archives.get().file_name])


async def fetch(address: str, method: str = "GET", **headers: str) -> tuple[Any, bytes]:
    """Get an answer as a browser gets it from the server's event loop."""
    answer = await AsyncClient().generic(method, address, headers=headers)
    if not answer.streaming:
        return answer, answer.content
    return answer, b"".join([block async for block in answer.streaming_content])  # type: ignore[attr-defined]


@pytest.mark.usefixtures("shared_database")
class TestDownloads:
    """Read in threads of their own, on connections of their own."""

    @pytest.fixture
    def job(self, dataset: Dataset, pictures: list[Image]) -> ExportJob:
        return export(dataset)

    def get(self, job: ExportJob, method: str = "GET", **headers: str) -> tuple[Any, bytes]:
        return async_to_sync(fetch)(file_address(job), method, **headers)

    def test_whole(self, job: ExportJob) -> None:
        answer, content = self.get(job)
        assert content == paths_of(job)[0].read_bytes()
        assert (answer.status_code, answer["Accept-Ranges"]) == (200, "bytes")
        assert answer["X-Content-Type-Options"] == "nosniff"

    @pytest.mark.parametrize(
        ("asked", "start", "end"),
        [("bytes=0-0", 0, 1), ("bytes=100-", 100, None), ("bytes=5-9", 5, 10), ("bytes=-7", -7, None)],
    )
    def test_a_part(self, job: ExportJob, asked: str, start: int, end: int | None) -> None:
        whole = paths_of(job)[0].read_bytes()
        answer, content = self.get(job, range=asked)
        assert (answer.status_code, content) == (206, whole[start:end])
        assert int(answer["Content-Length"]) == len(content)
        first = start % len(whole)
        assert answer["Content-Range"] == f"bytes {first}-{first + len(content) - 1}/{len(whole)}"

    def test_a_part_of_what_the_browser_has_begun(self, job: ExportJob) -> None:
        whole = paths_of(job)[0].read_bytes()
        tag = job.archives.get().sha256
        assert self.get(job, range="bytes=9-", if_range=f'"{tag}"')[1] == whole[9:]
        for other in ('"other"', f'W/"{tag}"', "Thu, 01 Jan 1970 00:00:00 GMT", "nonsense"):
            answer, content = self.get(job, range="bytes=9-", if_range=other)
            assert (answer.status_code, content) == (200, whole)
        last_modified = self.get(job)[0]["Last-Modified"]
        assert self.get(job, range="bytes=9-", if_range=last_modified)[0].status_code == 206

    def test_what_the_browser_has_already_is_not_sent_again(self, job: ExportJob) -> None:
        tag = job.archives.get().sha256
        answer, content = self.get(job, if_none_match=f'"{tag}"')
        assert (answer.status_code, content) == (304, b"")

    def test_a_part_behind_the_end(self, job: ExportJob) -> None:
        size = job.archives.get().size
        answer, content = self.get(job, range=f"bytes={size}-")
        assert (answer.status_code, content, answer["Content-Range"]) == (416, b"", f"bytes */{size}")

    @pytest.mark.parametrize("asked", ["bytes=9-5", "lines=0-1", "bytes=0-1,3-4", "bytes=x-y", "bytes=-", "0-1"])
    def test_what_is_no_single_range_is_answered_with_the_whole(self, job: ExportJob, asked: str) -> None:
        answer, content = self.get(job, range=asked)
        assert (answer.status_code, len(content)) == (200, job.archives.get().size)

    def test_the_head_alone(self, job: ExportJob) -> None:
        answer, content = self.get(job, "HEAD", range="bytes=0-3")
        assert (answer.status_code, content) == (200, b"")
        assert int(answer["Content-Length"]) == job.archives.get().size
        assert self.get(job, "POST")[0].status_code == 405

    def test_an_archive_that_is_removed_while_it_is_read_arrives_whole(self, job: ExportJob) -> None:
        whole = paths_of(job)[0].read_bytes()

        async def read_on() -> bytes:
            answer = await AsyncClient().get(file_address_of)
            blocks = aiter(answer.streaming_content)  # type: ignore[attr-defined]
            content = bytes(await anext(blocks))
            path.unlink()
            async for block in blocks:
                content += block
            return content

        file_address_of, path = file_address(job), paths_of(job)[0]
        assert async_to_sync(read_on)() == whole


def test_a_proxy_sends_it_where_there_is_one(
    client: Client, dataset: Dataset, pictures: list[Image], settings: Any
) -> None:
    settings.ACCEL_PREFIX = "/_stored"
    job = export(dataset)
    answer = client.get(file_address(job), headers={"range": "bytes=3-4"})
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer["X-Accel-Redirect"] == f"/_stored/exports/{job.key}/{job.archives.get().file_name}"
    assert answer["Content-Disposition"].startswith("attachment")


@pytest.mark.parametrize("state", ["WAITING", "RUNNING", "CANCELLED", "FAILED"])
def test_what_is_not_done_is_not_offered(client: Client, dataset: Dataset, pictures: list[Image], state: str) -> None:
    job = export(dataset)
    ExportJob.objects.update(state=state)
    assert client.get(file_address(job)).status_code == 404
    assert client.get(f"/api/v1/exports/{job.pk}").json()["archives"][0]["address"] == ""


def test_half_an_archive_is_not_offered(client: Client, dataset: Dataset, pictures: list[Image]) -> None:
    job = export(dataset)
    address, path = file_address(job), paths_of(job)[0]
    path.write_bytes(path.read_bytes()[:-1])
    assert client.get(address).status_code == 404
    path.unlink()
    assert client.get(address).status_code == 404


@pytest.mark.parametrize("name", ["lock", "..%2F..%2Fdb.sqlite3", "other.zip", "1.part", ".", "ohwx-plain-v1.zip/"])
def test_only_archives_are_sent(client: Client, dataset: Dataset, pictures: list[Image], name: str) -> None:
    job = export(dataset)
    assert client.get(f"/datasets/{dataset.pk}/exports/{job.pk}/{name}").status_code == 404
    elsewhere = reverse("tagging:export_file", args=[dataset.pk + 1, job.pk, job.archives.get().file_name])
    assert client.get(elsewhere).status_code == 404
