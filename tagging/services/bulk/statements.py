"""The statements that work on thousands of images at once, for both databases.

Django's ORM has no `INSERT … SELECT`; row by row these take ten times as long (docs/adr/0014). They differ in four
words only, which `_WORDS` holds: everything else is the SQL that both databases share.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from django.db import connection

# Numbers are kept as Python writes them: a position has to come back as the very same number.
_WORDS = {
    "sqlite": {
        "IDS": "(SELECT value AS id FROM json_each(%(ids)s))",
        "TAGS": "(SELECT value FROM json_each(%(tags)s))",
        "RULES": "(SELECT value FROM json_each(%(rules)s))",
        "NEW_KEY()": "%(moment)s || lower('4' || substr(hex(randomblob(2)), 2) || '8' || substr(hex(randomblob(8)),2))",
        "TO_JSON(": "tagger_to_json(",
        "FROM_JSON(": "tagger_from_json(",
    },
    "postgresql": {
        "IDS": "(SELECT unnest(%(ids)s::bigint[]) AS id)",
        "TAGS": "(SELECT unnest(%(tags)s::bigint[]))",
        "RULES": "(SELECT unnest(%(rules)s::text[]))",
        "NEW_KEY()": "CAST(%(moment)s || substr(replace(CAST(gen_random_uuid() AS text), '-', ''), 13) AS uuid)",
        "TO_JSON(": "to_jsonb(",
        "FROM_JSON(": "float8(",
    },
}
_LISTS = ("ids", "tags", "rules")

NEWEST_OPERATION = """
SELECT COALESCE(MAX(id), 0) FROM tagging_tagoperation
"""

# Images that are there, with those in the trash; and those that are not in it.
PRESENT = """
SELECT g.id FROM datasets_image g WHERE g.id IN (SELECT id FROM IDS i)
"""
PRESENT_IN_DATASET = """
SELECT g.id FROM datasets_image g
WHERE g.id IN (SELECT id FROM IDS i) AND g.dataset_id = %(dataset)s AND g.trashed_at IS NULL
"""

WITHOUT_WORDS = """
SELECT i.id FROM IDS i
WHERE NOT EXISTS (SELECT 1 FROM tagging_imagetag t WHERE t.image_id = i.id)
AND NOT EXISTS (SELECT 1 FROM tagging_caption c WHERE c.image_id = i.id AND c.text <> '')
"""

# Images that lack a tag. A tag that comes by a rule stays away from where a person took it away for good: where that
# removal is the last that was done to it.
LACKING = """
SELECT i.id FROM IDS i
WHERE NOT EXISTS (SELECT 1 FROM tagging_imagetag t WHERE t.tag_id = %(tag)s AND t.image_id = i.id)
AND (NOT %(is_rule)s OR NOT EXISTS (
    SELECT 1 FROM tagging_tagkeptaway k
    JOIN tagging_tagoperation o ON o.id = k.operation_id
    WHERE o.image_id = i.id AND o.tag_name = %(name)s AND NOT EXISTS (
        SELECT 1 FROM tagging_tagoperation l WHERE l.image_id = i.id AND l.tag_name = %(name)s AND l.id > o.id
    )
))
"""

_ADD = """
INSERT INTO tagging_tagoperation ("key", change_id, image_id, kind, tag_name, "before", "after")
SELECT NEW_KEY(), %(change)s, i.id, 'ADD', %(name)s, NULL, TO_JSON(PLACE)
FROM (LACKING) i
"""
_ADDING = _ADD.replace("LACKING", LACKING)
ADD_AT_END = _ADDING.replace(
    "PLACE", "COALESCE((SELECT MAX(p.position) FROM tagging_imagetag p WHERE p.image_id = i.id) + %(step)s, %(step)s)"
)
ADD_IN_FRONT = _ADDING.replace(
    "PLACE", "COALESCE((SELECT MIN(p.position) FROM tagging_imagetag p WHERE p.image_id = i.id) - %(step)s, %(step)s)"
)

HAVING = """
SELECT DISTINCT t.image_id FROM tagging_imagetag t
WHERE t.tag_id IN TAGS AND t.image_id IN (SELECT id FROM IDS i)
"""

# Of a tag that goes the log keeps how it had come: its undo gives that back.
REMOVE = """
INSERT INTO tagging_tagoperation (
    "key", change_id, image_id, kind, tag_name, "before", "after", was_source, was_added_by_id, was_added_at
)
SELECT NEW_KEY(), %(change)s, t.image_id, 'REMOVE', n.name, TO_JSON(t.position), NULL,
    t.source, t.added_by_id, t.added_at
FROM tagging_imagetag t JOIN tagging_tag n ON n.id = t.tag_id
WHERE t.tag_id IN TAGS AND t.image_id IN (SELECT id FROM IDS i)
"""

# What the log says of tags since a moment is done in three statements, the removals first: a tag that comes may stand
# where one goes.
CARRY_OUT_REMOVALS = """
DELETE FROM tagging_imagetag WHERE id IN (
    SELECT t.id FROM tagging_tagoperation o
    JOIN tagging_tag n ON n.name = o.tag_name
    JOIN tagging_imagetag t ON t.tag_id = n.id AND t.image_id = o.image_id
    WHERE o.change_id = %(change)s AND o.id > %(since)s AND o.kind = 'REMOVE'
)
"""
CARRY_OUT_MOVES = """
UPDATE tagging_imagetag SET position = m.place FROM (
    SELECT t.id AS id, FROM_JSON(o."after") AS place FROM tagging_tagoperation o
    JOIN tagging_tag n ON n.name = o.tag_name
    JOIN tagging_imagetag t ON t.tag_id = n.id AND t.image_id = o.image_id
    WHERE o.change_id = %(change)s AND o.id > %(since)s AND o.kind = 'MOVE'
) m WHERE tagging_imagetag.id = m.id
"""
CARRY_OUT_ADDITIONS = """
INSERT INTO tagging_imagetag (image_id, tag_id, position, source, added_by_id, added_at)
SELECT o.image_id, n.id, FROM_JSON(o."after"),
    COALESCE(o.was_source, CASE WHEN o.tag_name IN RULES THEN 'RULE' ELSE %(source)s END),
    CASE WHEN o.was_source IS NULL THEN %(by)s ELSE o.was_added_by_id END, COALESCE(o.was_added_at, %(now)s)
FROM tagging_tagoperation o JOIN tagging_tag n ON n.name = o.tag_name
WHERE o.change_id = %(change)s AND o.id > %(since)s AND o.kind = 'ADD'
"""

CHANGED = """
SELECT DISTINCT o.image_id FROM tagging_tagoperation o WHERE o.change_id = %(change)s AND o.id > %(since)s
ORDER BY 1
"""

# The operations of a change on some images. `+ 0` keeps a database from looking through the whole change for them.
_OWN = """
FROM tagging_tagoperation o
LEFT JOIN tagging_tag n ON n.name = o.tag_name
LEFT JOIN tagging_imagetag t ON t.tag_id = n.id AND t.image_id = o.image_id
WHERE o.image_id IN (SELECT id FROM IDS i) AND o.id >= %(since)s AND o.change_id + 0 = %(change)s
"""

# Images of which the words must be looked at one by one: the caption is concerned, a word was touched since or got
# another number, it is not as its log says, how its tag came is to change while it stays, or another tag stands where
# one has to go back to.
TO_LOOK_AT = """
SELECT DISTINCT o.image_id
OWN AND (
    o.kind NOT IN ('ADD', 'REMOVE', 'MOVE')
    OR (o.kind = 'ADD' AND (o."before" IS NOT NULL OR o."after" IS NULL OR t.id IS NULL))
    OR (o.kind = 'REMOVE' AND (o."before" IS NULL OR o."after" IS NOT NULL OR n.id IS NULL OR t.id IS NOT NULL))
    OR (o.kind = 'MOVE' AND (o."before" IS NULL OR o."after" IS NULL OR t.id IS NULL OR o.was_source IS NOT NULL))
    OR EXISTS (
        SELECT 1 FROM tagging_tagoperation l
        WHERE l.image_id = o.image_id AND l.id > o.id AND (l.tag_name = o.tag_name OR l.kind = 'NUMBER')
    )
    OR (o.kind <> 'REMOVE' AND t.position <> FROM_JSON(o."after"))
    OR (o.kind = 'MOVE' AND FROM_JSON(o."before") = t.position)
    OR (o.kind <> 'ADD' AND EXISTS (
        SELECT 1 FROM tagging_imagetag x JOIN tagging_tag y ON y.id = x.tag_id
        WHERE x.image_id = o.image_id AND x.tag_id <> n.id AND x.position = FROM_JSON(o."before") AND NOT EXISTS (
            SELECT 1 FROM tagging_tagoperation s
            WHERE s.image_id = o.image_id AND s.id >= %(since)s AND s.change_id + 0 = %(change)s
            AND s.tag_name = y.name
        )
    ))
)
""".replace("OWN", _OWN)

TAKE_BACK = """
INSERT INTO tagging_tagoperation (
    "key", change_id, image_id, kind, tag_name, "before", "after", was_source, was_added_by_id, was_added_at
)
SELECT NEW_KEY(), %(undo)s, o.image_id, CASE o.kind WHEN 'ADD' THEN 'REMOVE' WHEN 'REMOVE' THEN 'ADD' ELSE 'MOVE' END,
    o.tag_name, o."after", o."before",
    CASE o.kind WHEN 'ADD' THEN t.source ELSE o.was_source END,
    CASE o.kind WHEN 'ADD' THEN t.added_by_id ELSE o.was_added_by_id END,
    CASE o.kind WHEN 'ADD' THEN t.added_at ELSE o.was_added_at END
FROM tagging_tagoperation o
LEFT JOIN tagging_tag n ON o.kind = 'ADD' AND n.name = o.tag_name
LEFT JOIN tagging_imagetag t ON t.tag_id = n.id AND t.image_id = o.image_id
WHERE o.image_id IN (SELECT id FROM IDS i) AND o.id >= %(since)s AND o.change_id + 0 = %(change)s
ORDER BY o.image_id, o.id
"""


# Below, a database that reckons with yesterday's sizes loses moments; above, it may read a table for every image.
_ROWS_TO_COUNT_ANEW = 10_000


def know_sizes(rows: int) -> None:
    """Let PostgreSQL count its tables of words anew before statements over many `rows`.

    It plans by what it last counted, by itself about once a minute: right after a change over 50,000 images it took the
    log for nearly empty, and the undo took 93 s instead of 5. SQLite's plans do not depend on how much was written.
    """
    if connection.vendor == "postgresql" and rows >= _ROWS_TO_COUNT_ANEW:
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE tagging_tagoperation, tagging_imagetag, tagging_tag")


def execute(statement: str, **values: Any) -> int:
    """Run a statement; returns how many rows it wrote."""
    with connection.cursor() as cursor:
        cursor.execute(_spelled(statement), {**_adapted(values), "moment": _moment()})
        return max(0, int(cursor.rowcount))


def read_numbers(statement: str, **values: Any) -> list[int]:
    """Run a statement that asks for one column of numbers."""
    with connection.cursor() as cursor:
        cursor.execute(_spelled(statement), _adapted(values))
        return [int(row[0]) for row in cursor.fetchall()]


def _moment() -> str:
    """Return the beginning of new keys: those of one statement lie side by side in their index, and cost a tenth."""
    return f"{int(time.time() * 1000):012x}"


def _spelled(statement: str) -> str:
    for word, meaning in _WORDS[connection.vendor].items():
        statement = statement.replace(word, meaning)
    return statement


def _adapted(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return values as the database's driver takes them."""
    adapt: Callable[[Iterable[object]], object] = list
    if connection.vendor == "sqlite":
        _teach_numbers()
        adapt = _to_json_list
    return {name: adapt(value) if name in _LISTS else value for name, value in values.items()}


def _teach_numbers() -> None:
    """Let SQLite read and write numbers as Python does: its own way to text may lose the last digit of one."""
    connection.ensure_connection()
    connection.connection.create_function("tagger_to_json", 1, _to_json, deterministic=True)
    connection.connection.create_function("tagger_from_json", 1, _from_json, deterministic=True)


def _to_json_list(values: Iterable[object]) -> str:
    return json.dumps(list(values))


def _to_json(number: float | None) -> str | None:
    return None if number is None else repr(float(number))


def _from_json(text: str | None) -> float | None:
    return None if text is None else float(text)
