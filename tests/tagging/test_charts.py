"""The geometry of charts: pure sums that end as attributes of SVG."""

from __future__ import annotations

import pytest

from tagging.charts import Mark, draw_bars, draw_columns, draw_matrix, draw_scatter
from tagging.charts.marks import compact, percent, pixels, shorten, width_of


def mark(value: float, label: str = "a", *, kind: str = "") -> Mark:
    return Mark(label, value, str(value), f"{label}: {value}", kind=kind)


def share(attribute: str) -> float:
    assert attribute.endswith("%")
    return float(attribute[:-1]) / 100


# --- bars -------------------------------------------------------------------------------------------------------------


def test_bars_are_as_long_as_their_values_are_large() -> None:
    drawn = draw_bars([mark(200), mark(50), mark(0)])
    assert [bar.length for bar in drawn.bars] == ["100%", "25%", "0%"]
    assert [bar.row_at for bar in drawn.bars] == ["0", drawn.row, str(2 * int(drawn.row))]
    assert drawn.height == str(3 * int(drawn.row))


def test_what_fills_the_width_can_be_said_and_nothing_runs_beyond_it() -> None:
    drawn = draw_bars([mark(90), mark(300)], most=200, limits=[(160, "80 %")])
    assert [bar.length for bar in drawn.bars] == ["45%", "100%"]
    assert drawn.limits == (("80%", "80 %"),)


def test_one_among_very_many_is_still_seen() -> None:
    drawn = draw_bars([mark(1_000_000), mark(1)])
    assert 0 < share(drawn.bars[1].length) < 0.01


def test_no_bars_and_bars_of_nothing_are_drawn_without_a_division_by_zero() -> None:
    assert draw_bars([]).height == "0"
    assert draw_bars([mark(0)]).bars[0].length == "0%"


def test_a_kind_stands_behind_a_name_where_it_has_room() -> None:
    drawn = draw_bars([mark(1, "hat", kind="general"), mark(1, "x" * 60, kind="general")])
    assert [(bar.label, bar.kind) for bar in drawn.bars] == [("hat", "general"), (f"{'x' * 24}…{'x' * 11}", "")]


# --- names and numbers ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("short", "short"),
        ("exactly ten", "exactl…ten"),
        ("ten signs!", "ten signs!"),
        ("青い空と白い雲", "青い空…雲"),
        ("é" * 10, "é" * 10),
        ("e\u0301" * 10, "e\u0301" * 10),
        ("e\u0301" * 11, "e\u0301" * 6 + "…" + "e\u0301" * 3),
        ("a very long tag 12", "a very…12"),
    ],
)
def test_names_are_cut_to_their_width_not_to_their_number_of_signs(text: str, shown: str) -> None:
    assert shorten(text, 10) == shown
    assert width_of(shown) <= 10


def test_names_that_begin_alike_are_told_apart_by_their_ends() -> None:
    shown = [shorten(f"somebody_wrote_a_very_long_tag_{number}", 21) for number in range(10)]
    assert len(set(shown)) == 10


def test_numbers_become_attributes_without_a_comma_whatever_the_language() -> None:
    assert [percent(number) for number in (0, 0.5, 1 / 3, 1)] == ["0%", "50%", "33.33%", "100%"]
    assert [pixels(number) for number in (0, 12, 1234.5, -0.001)] == ["0", "12", "1234.5", "0"]
    assert [compact(number) for number in (0, 950, 1_200, 35_499, 1_100_000)] == ["0", "950", "1.2k", "35k", "1.1M"]


# --- columns ----------------------------------------------------------------------------------------------------------


def test_columns_stand_side_by_side_on_one_floor() -> None:
    drawn = draw_columns([mark(10), mark(5), mark(0), mark(10)])
    floor = float(drawn.floor)
    assert [column.step_at for column in drawn.columns] == ["0%", "25%", "50%", "75%"]
    assert {float(column.top) + float(column.height) for column in drawn.columns} == {floor}
    heights = [float(column.height) for column in drawn.columns]
    assert heights[0] == heights[3] == 2 * heights[1]
    assert heights[2] == 0
    for column in drawn.columns:
        left, width = share(column.at), share(column.width)
        assert share(column.step_at) < left
        assert left + width < share(column.step_at) + 0.25


def test_limits_stand_between_their_columns_with_a_name_each() -> None:
    drawn = draw_columns([mark(1)] * 10, limits=[(3, "75"), (9, "225")])
    assert [(limit.at, limit.label, limit.anchor) for limit in drawn.limits] == [
        ("30%", "75", "start"),
        ("90%", "225", "end"),
    ]
    # Names do not lie on each other, nor on the columns.
    assert drawn.limits[0].text_at != drawn.limits[1].text_at
    assert float(drawn.columns[0].number_at) > float(drawn.limits[1].text_at)


def test_of_many_columns_some_are_labelled() -> None:
    drawn = draw_columns([mark(1, str(number)) for number in range(30)])
    assert [column.label for column in drawn.columns if column.label] == ["0", "4", "8", "12", "16", "20", "24", "28"]


# --- matrix -----------------------------------------------------------------------------------------------------------


def test_a_matrix_has_a_cell_for_each_pair_in_its_row_and_column() -> None:
    names = [mark(1, "a"), mark(1, "b")]
    drawn = draw_matrix(names, [[mark(1), mark(0.25)], [mark(0.5), mark(1)]])
    assert [label.text for label in drawn.rows] == [label.text for label in drawn.columns] == ["a", "b"]
    first, second, third, fourth = drawn.cells
    assert first.y == second.y != third.y == fourth.y
    assert first.x == third.x != second.x == fourth.x
    assert [cell.is_itself for cell in drawn.cells] == [True, False, False, True]
    assert float(second.strength) * 2 == pytest.approx(float(third.strength), abs=0.02)
    assert all(0 <= float(cell.strength) <= 1 for cell in drawn.cells)


def test_a_matrix_leaves_as_much_room_as_its_names_need_and_no_more() -> None:
    cells = [[mark(1), mark(1)], [mark(1), mark(1)]]
    small, large = (draw_matrix([mark(1, name), mark(1, "b")], cells) for name in ("sea", "a" * 80))
    assert float(small.cells[0].x) < 60
    assert float(small.cells[0].y) < 60
    # A letter takes less than eight pixels.
    assert len(large.rows[0].text) * 7.5 < float(large.rows[0].x) < len(large.rows[0].text) * 8 + 16
    assert float(large.width) > float(large.cells[-1].x)


# --- scatter ----------------------------------------------------------------------------------------------------------


def test_dots_lie_on_scales_that_double() -> None:
    drawn = draw_scatter([(512, 512, mark(1)), (1024, 512, mark(1)), (2048, 2048, mark(1))])
    places = {(dot.x, dot.y) for dot in drawn.dots}
    assert len(places) == 3
    xs = sorted({share(dot.x) for dot in drawn.dots})
    assert xs[1] - xs[0] == pytest.approx(xs[2] - xs[1], abs=0.001)
    assert [tick.label for tick in drawn.across] == ["512", "1024", "2048"]


def test_dots_and_squares_lie_within_the_chart_and_large_ones_below_small_ones() -> None:
    dots = [(64, 8000, mark(1)), (8000, 64, mark(100)), (300, 300, mark(25))]
    drawn = draw_scatter(dots, [(1024, 1024, "1024 × 1024")])
    for x, y in [*((dot.x, dot.y) for dot in drawn.dots), *((square.x, square.y) for square in drawn.squares)]:
        assert share(drawn.left) < share(x) < share(drawn.right)
        assert float(drawn.top) < float(y) < float(drawn.floor)
    assert [dot.mark.value for dot in drawn.dots] == [100, 25, 1]
    radii = [float(dot.radius) for dot in drawn.dots]
    # The area is what tells the number.
    assert radii[0] == pytest.approx(2 * radii[1])


def test_a_single_size_still_has_a_scale() -> None:
    drawn = draw_scatter([(600, 600, mark(1))])
    assert len(drawn.across) >= 1
    assert share(drawn.dots[0].x) == pytest.approx((share(drawn.left) + share(drawn.right)) / 2, abs=0.01)
