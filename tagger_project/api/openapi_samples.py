"""Examples for the OpenAPI document: by hand where one teaches something, else by the fields’ names. No Django."""

from __future__ import annotations

from typing import Any

Json = Any
_DEEPEST = 20

# What a field of this name holds, wherever it is; a value of another type than the field's is not taken.
_BY_NAME: dict[str, Json] = {
    "name": "Portraits",
    "title": "Version 3",
    "file_prefix": "portraits",
    "trigger_word": "ohwx",
    "file_name": "portraits.zip",
    "original_name": "IMG_0412.jpg",
    "picture_name": "portraits_0001.jpg",
    "text_name": "portraits_0001.txt",
    "state": "DONE",
    "category": "general",
    "source": "PERSON",
    "description": "A seat for more than one.",
    "successor": "couch",
    "implied_by": ["red dress"],
    "dataset": "Portraits",
    "image_name": "IMG_0412.jpg",
    "review_reason": "",
    "held_by": "ada",
    "who": "ada",
    "made_by": "ada",
    "label": "Portraits",
    "before": "red dress",
    "after": "red dress",
    "slug": "kohya",
    "trainer": "kohya",
    "encoder": "clip",
    "next": "WzQxMl0",
    "cursor": "WzQxMl0",
    "pattern": "^a photo of ",
    "replacement": "",
    "rule": "lines",
    "fix": "one-line",
    "sentence": "The caption has more than one line.",
    "encoding": "utf-8",
    "markers": ["|||"],
    "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "digest": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "colour": "#8a6f5c",
    "background": "#ffffff",
    "thumbnail": "/files/images/412/thumbnail/?v=9f86d081",
    "preview": "/files/images/412/preview/?v=9f86d081",
    "original": "/files/images/412/original/?v=9f86d081",
    "address": "/datasets/7/exports/31/portraits.zip",
    "page": "/imports/12/",
    "filter": "tag:sofa -state:approved",
    "filter_text": "tag:sofa -state:approved",
    "folder": "holiday",
    "format": "JPEG",
    "key": "0190f3d2-6a51-7c1e-9f7b-3d0c5a1e8b42",
    "tab": "0190f3d2-6a51-7c1e-9f7b-3d0c5a1e8b43",
    "profile": "kohya",
    "variant": "",
    "template": "{trigger}, {tags}",
    "options": {"profile": "kohya"},
    "text": "a person on a sofa",
    "caption": "a person on a sofa",
    "tag": "sofa",
    "alias": "couch",
    "reason": "The caption names the wrong colour.",
    "note": "Before the review.",
    "by": "ada",
    "started_by": "ada",
    "trashed_by": "ada",
    "initials": "AD",
    "error": "",
    "id": 412,
    "image": 412,
    "image_id": 412,
    "dataset_id": 7,
    "job_id": 12,
    "version": 3,
    "width": 1024,
    "height": 1536,
    "byte_size": 384120,
    "size": 384120,
    "received": 384120,
    "max_file_bytes": 536870912,
    "images": 240,
    "tagged": 180,
    "total": 240,
    "count": 24,
    "position": 1,
    "revision": 1893,
    "tags": ["sofa", "red dress"],
    "url": "https://example.org/",
}
_BY_FORMAT = {
    "uuid": "0190f3d2-6a51-7c1e-9f7b-3d0c5a1e8b42",
    "date-time": "2026-03-14T09:26:53Z",
    "date": "2026-03-14",
    "uri": "https://example.org/",
}
_BY_TYPE: dict[str, Json] = {"string": "…", "integer": 1, "number": 1.0, "boolean": True, "null": None}

_KEY = _BY_FORMAT["uuid"]
_TARGET = {"filter": "tag:sofa"}
_ACTION = {"kind": "add", "tags": ["furniture"]}

# Requests that show what an operation is for.
REQUESTS: dict[str, Json] = {
    "create_dataset": {"name": "Portraits", "file_prefix": "portraits", "trigger_word": "ohwx"},
    "change_dataset": {"trigger_word": "ohwx"},
    "move_to_trash": {"images": [412, 413]},
    "restore_images": {"images": [412, 413]},
    "empty_trash": {"images": None},
    "start_import": {"asks_about_sidecars": False, "sidecar_policy": "ONLY_UNTAGGED"},
    "announce_files": {"files": [{"name": "IMG_0412.jpg", "folder": "holiday", "size": 384120}]},
    "declare_checksums": {"items": [{"id": 901, "sha256": _BY_NAME["sha256"]}]},
    "edit_image": {
        "operations": [
            {"key": _KEY, "kind": "add", "tag": "sofa"},
            {"key": _BY_NAME["tab"], "kind": "add", "tag": "red dress"},
        ]
    },
    "review_image": {"state": "CHANGES_REQUESTED", "reason": "The caption names the wrong colour.", "key": _KEY},
    "preview_bulk_action": {"target": _TARGET, "action": _ACTION},
    "start_bulk_action": {"target": _TARGET, "action": _ACTION, "key": _KEY},
    "list_tags_of": {"target": _TARGET},
    "keep_near_duplicate": {"keep": 412, "trash": [413], "merge_tags": True},
    "keep_all_near_duplicates": {"images": [412, 413]},
    "undo_keep_all": {"images": [412, 413]},
    "give_alias": {"name": "couch"},
    "give_implication": {"name": "furniture"},
    "create_goal": {"name": "Sofas", "filter": "tag:sofa", "wanted": 40},
    "replace_goal": {"name": "Sofas", "filter": "tag:sofa", "wanted": 60},
    "mend_findings": {"key": _KEY, "rule": "lines", "fix": "one-line", "options": {"profile": "kohya"}},
    "make_version": {"key": _KEY, "name": "First training", "note": "Before the review."},
    "create_walk": {"name": "Untagged", "filter": "is:untagged", "order": "POSITION"},
    "change_walk": {"name": "Untagged, second look"},
    "start_export": {"key": _KEY, "options": {"profile": "kohya"}},
}


def sample(schema: Json, schemas: dict[str, Json], name: str = "", depth: int = 0) -> Json:
    """Return a value that a schema takes, as telling as the names of its fields allow."""
    if depth > _DEEPEST:
        return None
    if "$ref" in schema:
        return sample(schemas[schema["$ref"].rpartition("/")[2]], schemas, name, depth + 1)
    if "const" in schema:
        return schema["const"]
    if "enum" in schema:
        return schema["enum"][0]
    for several in ("anyOf", "oneOf", "allOf"):
        if several in schema:
            return _one_of(schema[several], schemas, name, depth)
    kind = schema.get("type", "object")
    if _fits(_BY_NAME.get(name), kind, schema):
        return _BY_NAME[name]
    if kind == "object":
        return _object(schema, schemas, depth)
    if kind == "array":
        return _array(schema, schemas, name, depth)
    return _plain(schema, kind)


def _one_of(choices: list[Json], schemas: dict[str, Json], name: str, depth: int) -> Json:
    """Return a sample of the first that is not null."""
    telling = [choice for choice in choices if choice.get("type") != "null"]
    return sample((telling or choices)[0], schemas, name, depth + 1)


def _object(schema: Json, schemas: dict[str, Json], depth: int) -> Json:
    return {name: sample(field, schemas, name, depth + 1) for name, field in schema.get("properties", {}).items()}


def _array(schema: Json, schemas: dict[str, Json], name: str, depth: int) -> Json:
    count = max(1, schema.get("minItems", 0))
    if "prefixItems" in schema:
        return [sample(item, schemas, name, depth + 1) for item in schema["prefixItems"]]
    singular = name.removesuffix("s") if name != "images" else "image"
    return [sample(schema.get("items", {"type": "string"}), schemas, singular, depth + 1) for _ in range(count)]


def _plain(schema: Json, kind: str) -> Json:
    if "default" in schema and schema["default"] not in (None, ""):
        return schema["default"]
    if schema.get("format") in _BY_FORMAT:
        return _BY_FORMAT[schema["format"]]
    if kind in {"integer", "number"} and "minimum" in schema:
        return max(schema["minimum"], 1)
    return _BY_TYPE.get(kind)


def _fits(value: Json, kind: str, schema: Json) -> bool:
    """Whether a value by name is one of this type."""
    if value is None or (kind in {"object", "array"} and not isinstance(value, (dict, list))):
        return False
    if kind == "array":
        return isinstance(value, list) and schema.get("items", {}).get("type") == "string"
    if kind == "object":
        return isinstance(value, dict) and not schema.get("properties")
    if kind == "string":
        is_other = schema.get("format") not in {None, "uuid"} or (schema.get("format") == "uuid" and value != _KEY)
        is_long = isinstance(value, str) and len(value) > schema.get("maxLength", len(value))
        return isinstance(value, str) and not is_other and not is_long and "pattern" not in schema
    if kind == "integer":
        within = isinstance(value, int) and schema.get("minimum", value) <= value <= schema.get("maximum", value)
        return within and not isinstance(value, bool)
    return False
