"""The figures of the board about lengths of texts and about pace."""

from __future__ import annotations

from datetime import timedelta

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from tagging.charts import Mark, draw_columns
from tagging.queries.board.filters import worded_by, worded_on
from tagging.queries.board.lengths import Lengths, LengthStep, TextLengths
from tagging.queries.board.pace import DAYS, DayDone, Pace, Worked
from tagging.views.board_words import Leads
from tagging.views.figures import Cell, Figure, Table, count_text, number_cell, share_cell


def length_figures(lengths: TextLengths, leads: Leads) -> list[Figure]:
    """How many tokens the texts have, a figure for each text encoder."""
    return [_length_figure(each, leads) for each in lengths.encoders]


def _length_figure(lengths: Lengths, leads: Leads) -> Figure:
    limits = [
        (sum(1 for step in lengths.steps if step.high is not None and step.high <= tokens), f"{tokens} · {name}")
        for tokens, name in lengths.limits
    ]
    marks = [_step_mark(step, leads, is_over=step.low > lengths.limit) for step in lengths.steps]
    rows = [
        [
            Cell(_span(step), leads(step.filter) if step.filter and step.images else ""),
            number_cell(step.images),
            share_cell(step.images / lengths.images if lengths.images else 0.0),
        ]
        for step in lengths.steps
    ]
    caption = _("The tokens of the texts that an export writes, and where trainers read no further.")
    over = (
        ngettext(
            "%(over)s text is longer than %(limit)s: its end is not read.",
            "%(over)s texts are longer than %(limit)s: their ends are not read.",
            lengths.over,
        )
        if lengths.over
        else _("No text is longer than %(limit)s.")
    )
    return Figure(
        id=f"tokens-{lengths.encoder.lower()}",
        title=_("Tokens for %(encoder)s") % {"encoder": lengths.encoder},
        caption=f"{caption} {over}" % {"over": count_text(lengths.over), "limit": lengths.limit},
        kind="columns",
        drawing=draw_columns(marks, limits=limits) if lengths.images else None,
        table=Table([_("Tokens"), _("Texts"), _("Share")], rows),
        empty=_("No text is counted yet.")
        if lengths.can_count
        else _("What counts these tokens is not installed; `make tokens` brings it."),
    )


def _step_mark(step: LengthStep, leads: Leads, *, is_over: bool) -> Mark:
    texts = ngettext("%(count)s text", "%(count)s texts", step.images) % {"count": count_text(step.images)}
    title = _("%(span)s tokens: %(texts)s") % {"span": _span(step), "texts": texts}
    address = leads(step.filter) if step.filter and step.images else ""
    return Mark(str(step.low), step.images, count_text(step.images), title, address, is_over=is_over)


def _span(step: LengthStep) -> str:
    if step.high is None:
        return _("%(low)s and more") % {"low": step.low}
    return str(step.low) if step.low == step.high else f"{step.low}–{step.high}"


def pace_figure(pace: Pace, leads: Leads) -> Figure:
    """Pictures tagged by hand on each of the last days."""
    rows = [
        [
            Cell(date_format(each.day, "DATE_FORMAT"), leads(worded_on(each.day)) if each.images else ""),
            number_cell(each.images),
        ]
        for each in reversed(pace.days)
    ]
    has_work = any(each.images for each in pace.days)
    return Figure(
        id="pace",
        title=_("Pictures tagged a day"),
        caption=_(
            "Pictures that got their first word by hand in the last %(days)s days (UTC); imports and actions on many "
            "pictures are left out. A column leads to all pictures that got words on that day."
        )
        % {"days": DAYS},
        kind="columns",
        drawing=draw_columns([_day_mark(each, leads) for each in pace.days]) if has_work else None,
        table=Table([_("Day"), _("Pictures")], rows),
        empty=_("Nothing was tagged by hand in the last %(days)s days.") % {"days": DAYS},
    )


def _day_mark(each: DayDone, leads: Leads) -> Mark:
    pictures = ngettext("%(count)s picture", "%(count)s pictures", each.images) % {"count": count_text(each.images)}
    title = f"{date_format(each.day, 'DATE_FORMAT')}: {pictures}"
    address = leads(worded_on(each.day)) if each.images else ""
    return Mark(date_format(each.day, "j M"), each.images, count_text(each.images), title, address)


def people_table(pace: Pace, leads: Leads) -> Table:
    """Who tagged how much in how long, and how quickly where that can be told."""
    rows = [
        [
            Cell(one.name or _("nobody by name"), leads(worded_by(one.name)) if one.name else ""),
            number_cell(one.images),
            Cell(time_text(one.time), is_number=True),
            Cell(_rate(one), is_number=True),
        ]
        for one in pace.people
    ]
    return Table([_("Who"), _("Pictures"), _("At work"), _("An hour")], rows)


def time_left_text(pace: Pace) -> str:
    """Return in a sentence or two how long the rest may take; or why that cannot be told."""
    if not pace.left:
        return _("Every picture has words: nothing is left to tag.")
    left = ngettext("%(count)s picture has no words yet.", "%(count)s pictures have no words yet.", pace.left)
    left %= {"count": count_text(pace.left)}
    if pace.time_left is None or pace.days_left is None or pace.all.an_hour is None:
        return _("%(left)s Too little was tagged by hand in the last %(days)s days to tell how long they take.") % {
            "left": left,
            "days": DAYS,
        }
    days = ngettext("%(count)s day", "%(count)s days", pace.days_left) % {"count": count_text(pace.days_left)}
    return _(
        "%(left)s At %(rate)s an hour, as in the last %(days)s days, they take one person about %(time)s at work; "
        "with days like those that had work, about %(more)s."
    ) % {
        "left": left,
        "rate": count_text(round(pace.all.an_hour)),
        "days": DAYS,
        "time": time_text(pace.time_left),
        "more": days,
    }


def time_text(time: timedelta) -> str:
    """Return a time as it is said: in minutes up to two hours, with minutes up to ten, then in whole hours."""
    minutes = round(time.total_seconds() / 60)
    if minutes < 1:
        return _("< 1 min")
    if minutes < 120:
        return _("%(minutes)s min") % {"minutes": minutes}
    hours, rest = divmod(minutes, 60)
    if hours < 10 and rest:
        return _("%(hours)s h %(minutes)s min") % {"hours": hours, "minutes": rest}
    return _("%(hours)s h") % {"hours": count_text(round(minutes / 60))}


def _rate(one: Worked) -> str:
    return count_text(round(one.an_hour)) if one.an_hour is not None else _("too little to tell")
