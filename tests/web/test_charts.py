"""Charts are pictures of real numbers: readable, mirrored, and never without their table."""

import re
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from etalage.kit.chart import Chart, Series
from etalage.web import charts
from etalage.web.charts.frame import SIZES, round_step

VISITS = Chart(
    "Visits",
    ["1 Nov", "2 Nov", "3 Nov"],
    [Series("Mastodon", [3, None, 9]), Series("Blog & <co>", [1, 2, 3])],
)


def pictures(markup):
    found = re.findall(r'<svg class="chart-svg.*?</svg>', markup, flags=re.S)
    return [ElementTree.fromstring(svg) for svg in found]


def test_a_chart_has_a_picture_per_size_and_one_table():
    markup = charts.line(VISITS, "en")
    assert len(pictures(markup)) == len(SIZES)
    assert markup.count("<table") == 1
    assert "Blog &amp; &lt;co&gt;" in markup and "<co>" not in markup


def test_a_picture_tells_its_title_and_what_it_shows():
    first = pictures(charts.line(VISITS, "en"))[0]
    assert first.find("title").text == "Visits"
    assert "Mastodon: 1 Nov 3, 3 Nov 9." in first.find("desc").text


def test_an_unknown_value_leaves_a_gap_and_a_dash():
    markup = charts.line(VISITS, "en")
    path = pictures(markup)[0].findall(".//path")[0].get("d")
    assert path.count("M") == 2 and path.count("L") == 0
    assert "<bdi>\u2013</bdi>" in markup


def test_lines_differ_in_more_than_colour():
    dashes = [
        path.get("stroke-dasharray") for path in pictures(charts.line(VISITS, "en"))[0].findall(".//path")
    ]
    assert len(set(dashes)) == 2


def test_in_arabic_time_runs_from_right_to_left():
    def first_x(language):
        path = pictures(charts.line(VISITS, language))[0].findall(".//path")[1].get("d")
        return [float(x) for x in re.findall(r"[ML]([\d.]+) ", path)]

    assert first_x("en") == sorted(first_x("en"))
    assert first_x("ar") == sorted(first_x("ar"), reverse=True)


def test_money_is_drawn_in_major_units_and_tabled_to_the_cent():
    chart = Chart("Sales", ["Mon", "Tue"], [Series("Ghent", [123456, 0])], unit="EUR")
    markup = charts.bars(chart, "en")
    assert "€1,234.56" in markup
    assert "1,500" in "".join(pictures(markup)[0].itertext()) or "1,250" in "".join(
        pictures(markup)[0].itertext()
    )


def test_a_chart_whose_series_do_not_fit_its_labels_is_refused():
    with pytest.raises(ValueError, match="2 values for 1 labels"):
        Chart("Bad", ["one"], [Series("a", [1, 2])])


numbers = st.lists(st.integers(-10_000, 10_000), min_size=0, max_size=40)


@settings(deadline=None, max_examples=60)
@given(
    numbers,
    numbers,
    st.booleans(),
    st.sampled_from(["en", "ar"]),
    st.sampled_from(["number", "EUR", "percent"]),
)
def test_every_bar_and_point_stays_inside_its_picture(first, second, stacked, language, unit):
    length = min(len(first), len(second))
    labels = [str(place) for place in range(length)]
    chart = Chart("All", labels, [Series("a", first[:length]), Series("b", second[:length])], unit, stacked)
    for draw in (charts.bars, charts.line):
        for svg, size in zip(pictures(draw(chart, language)), SIZES, strict=True):
            for bar in svg.iter("rect"):
                assert (
                    0
                    <= float(bar.get("x"))
                    <= float(bar.get("x")) + float(bar.get("width"))
                    <= size.width + 0.2
                )
                assert (
                    0 <= float(bar.get("y")) <= float(bar.get("y")) + float(bar.get("height")) <= size.height
                )
            for dot in svg.iter("circle"):
                assert 0 <= float(dot.get("cx")) <= size.width and 0 <= float(dot.get("cy")) <= size.height


@settings(deadline=None)
@given(st.floats(1e-6, 1e12))
def test_a_step_is_round_and_large_enough(rough):
    step = round_step(rough, "EUR")
    assert step >= rough * 0.999
    assert step <= rough * 5.001


def test_a_sparkline_says_what_it_is():
    assert 'aria-label="Visits"' in charts.spark([1, 2, 3], "Visits", "en")
    assert charts.spark([], "Visits", "en") == ""
    assert charts.spark([5], "Visits", "ar").count("<polyline") == 1
