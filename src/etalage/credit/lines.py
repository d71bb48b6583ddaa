"""An order's credit spread over its lines, to the cent in both directions (controlled rounding).

The exact cell of a touch and a line is credit x line / value. Rounded one by one, cells would miss the sums of
rows and columns. Here every cell is its exact amount rounded down or up, each row sums to its touch's credit and
each column to its line's value. That such a rounding exists is a theorem (Causey, Cox and Ernst 1985: a transport
problem with whole margins has a whole solution), and the proof is the algorithm: cells that are not whole yet
form cycles, alternating along rows and columns; moving one amount around a cycle, up and down by turns, keeps all
sums and makes at least one more cell whole.
"""

from __future__ import annotations

from collections.abc import Sequence

Cell = tuple[int, int]


def split_by_lines(credit_rows: Sequence[int], line_values: Sequence[int]) -> list[list[int]]:
    """A matrix of minor units: one row per touch, one column per line, both margins exact.

    `credit_rows` are one model's amounts of one order and `line_values` what its lines cost; discounts and fees may be
    lines (of either sign). For a refund, give its (negative) rows and lines. Raises ValueError when the two do
    not sum to the same value, or when there are lines without a touch.
    """
    value = sum(line_values)
    if sum(credit_rows) != value:
        raise ValueError("the lines must sum to the credit")
    if not credit_rows or not line_values:
        if any(credit_rows) or any(line_values):
            raise ValueError("an amount has nobody to go to")
        return [[] for _ in credit_rows]
    if value:
        sign = 1 if value > 0 else -1
        whole, exact = value * sign, [[c * line * sign for line in line_values] for c in credit_rows]
    elif any(credit_rows):
        raise ValueError("credits that cancel out cannot be spread")
    else:
        # Lines that cancel out (a sale and its exchange): each goes to the touches evenly.
        whole, exact = len(credit_rows), [list(line_values) for _ in credit_rows]
    return _controlled(exact, whole)


def _controlled(exact: list[list[int]], whole: int) -> list[list[int]]:
    """Round the cells `exact / whole`, whose rows and columns sum to whole numbers; each to one of its neighbours."""
    cells = [[amount // whole for amount in row] for row in exact]
    part = {
        (i, j): amount % whole
        for i, row in enumerate(exact)
        for j, amount in enumerate(row)
        if amount % whole
    }
    meeting = _Meeting(part)
    for start in list(part):
        while start in part:
            cycle = meeting.cycle(start)
            # Even places go one way and odd ones the other; the shorter way that makes a cell whole wins.
            rise = _room(part, whole, up=cycle[::2], down=cycle[1::2])
            fall = _room(part, whole, up=cycle[1::2], down=cycle[::2])
            step = rise if rise <= fall else -fall
            for turn, cell in enumerate(cycle):
                part[cell] += step if turn % 2 == 0 else -step
                if part[cell] in (0, whole):
                    cells[cell[0]][cell[1]] += part.pop(cell) // whole
    return cells


def _room(part: dict[Cell, int], whole: int, up: list[Cell], down: list[Cell]) -> int:
    """How far some cells can rise and others fall together until one of them is whole."""
    return min(*(whole - part[cell] for cell in up), *(part[cell] for cell in down))


class _Meeting:
    """The rows and columns that meet in a cell of `part`, as cells leave it."""

    def __init__(self, part: dict[Cell, int]) -> None:
        self.part = part
        self.in_row: dict[int, list[Cell]] = {}
        self.in_column: dict[int, list[Cell]] = {}
        for cell in part:
            self.in_row.setdefault(cell[0], []).append(cell)
            self.in_column.setdefault(cell[1], []).append(cell)

    def cycle(self, start: Cell) -> list[Cell]:
        """Walk along a row and down a column by turns until one comes again; the cells of that round trip."""
        path: list[Cell] = []
        seen: dict[tuple[bool, int], int] = {}
        along_row, cell = True, start
        while True:
            at = (along_row, cell[0] if along_row else cell[1])
            if at in seen:
                return path[seen[at] :]
            seen[at] = len(path)
            cell = self._another(self.in_row[at[1]] if along_row else self.in_column[at[1]], cell)
            path.append(cell)
            along_row = not along_row

    def _another(self, cells: list[Cell], than: Cell) -> Cell:
        """A cell of this row or column besides `than`: there is one, since the parts of each sum to a whole number."""
        place = -1
        while cells[place] == than or cells[place] not in self.part:
            if cells[place] == than:
                place -= 1
            else:
                del cells[place]  # no longer a part: forgotten for good
        return cells[place]
