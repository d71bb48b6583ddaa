"""Charts as SVG made here: real text, right to left where the page is, a table of the same numbers, no script."""

from etalage.web.charts.bar import bars
from etalage.web.charts.line import line
from etalage.web.charts.spark import spark

__all__ = ["bars", "line", "spark"]
