"""A sheet of the results' workbook: rows of entries, marks or organisations, columns of numbers, texts or formulas.

Each formula is stored with its value, so that phones and previews, which do not compute, show the figures.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, TypeAlias

Value: TypeAlias = str | int | Fraction
Formula: TypeAlias = Callable[[Any], str]
"""Returns the formula of one row, given the row's key."""

NONE = -1
"""Stands for a number that there is not, shown as a dash: no figure is negative, and text cannot be compared."""
SHOWN_PLACES = 9
"""Decimals of numbers that are not rounded."""
_PARAMETERS, _HEADINGS, _FIRST = 0, 1, 2
_FORBIDDEN = re.compile(r"[\[\]:*?/\\']")
_LONGEST_NAME = 31


class Book:
    """A workbook under construction. Texts are never formulas, whatever they begin with."""

    def __init__(self, file: Any) -> None:
        # Imported here so that worker processes start faster.
        import xlsxwriter

        self.file = xlsxwriter.Workbook(file, {"in_memory": True})
        self._formats: dict[int, Any] = {}
        self.head = self.file.add_format({"bold": True, "bottom": 1})
        """The format of headings."""

    def table(self, name: str, heading: str, keys: Sequence[Any]) -> Table:
        """Returns a new sheet with a row for each key, which is written into the first column."""
        sheet = self.file.add_worksheet(_FORBIDDEN.sub(" ", name)[:_LONGEST_NAME].strip())
        sheet.freeze_panes(_FIRST, 1)
        table = Table(self, sheet, {key: _FIRST + place for place, key in enumerate(keys)})
        table.add(heading, {key: key[0] if isinstance(key, tuple) else key for key in keys})
        return table

    def form(self, places: int) -> Any:
        """Returns the format of numbers with so many decimals."""
        if places not in self._formats:
            digits = f"0.{'0' * places}" if places else "0"
            self._formats[places] = self.file.add_format({"num_format": f'{digits};"—"'})
        return self._formats[places]


@dataclass(frozen=True, slots=True)
class Column:
    """The cells of one column, as formulas name them."""

    sheet: str
    letters: str
    rows: Mapping[Any, int]

    def at(self, key: Hashable) -> str:
        """Returns the cell in the row of `key`."""
        return f"{self.sheet}!${self.letters}{self.rows[key] + 1}"

    def span(self, first: Hashable, last: Hashable) -> str:
        """Returns the cells from one row to another."""
        return f"{self.sheet}!${self.letters}${self.rows[first] + 1}:${self.letters}${self.rows[last] + 1}"

    @property
    def every(self) -> str:
        """The cells of all rows."""
        return f"{self.sheet}!${self.letters}${_FIRST + 1}:${self.letters}${_FIRST + max(1, len(self.rows))}"

    @property
    def parameter(self) -> str:
        """The cell above the heading: a number of the rules."""
        return f"{self.sheet}!${self.letters}${_PARAMETERS + 1}"


class Table:
    """One sheet; columns are added from left to right."""

    def __init__(self, book: Book, sheet: Any, rows: Mapping[Any, int]) -> None:
        self.name = sheet.get_name()
        self.rows = rows
        self._book = book
        self._sheet = sheet
        self._width = 0

    @property
    def next(self) -> Column:
        """The column that will be added next."""
        from xlsxwriter.utility import xl_col_to_name

        return Column(f"'{self.name}'", xl_col_to_name(self._width), self.rows)

    def add(
        self,
        heading: str,
        values: Mapping[Any, Value | None],
        formula: Formula | None = None,
        *,
        parameter: int | None = None,
        places: int = 0,
    ) -> Column:
        """Adds a column of the rows' values, as formulas if one is given; None leaves the cell empty.

        A Fraction is shown with `places` decimals.
        """
        place, column = self._width, self.next
        self._width += 1
        if parameter is not None:
            self._sheet.write_number(_PARAMETERS, place, parameter)
        self._sheet.write_string(_HEADINGS, place, heading, self._book.head)
        form = self._book.form(places)
        for key, row in self.rows.items():
            value = values.get(key)
            if value is None:
                continue
            stored = float(value) if isinstance(value, Fraction) else value
            if formula is not None:
                # A sheet's own cells need not name it.
                text = formula(key).replace(f"'{self.name}'!", "")
                self._sheet.write_formula(row, place, text, form, stored)
            elif isinstance(stored, str):
                self._sheet.write_string(row, place, stored)
            else:
                self._sheet.write_number(row, place, stored, form)
        return column

    def span(self, first: Column, last: Column, key: Hashable | None = None) -> str:
        """Returns the cells between two columns of one row; of the parameters without a key."""
        row = _PARAMETERS if key is None else self.rows[key]
        return f"'{self.name}'!${first.letters}${row + 1}:${last.letters}${row + 1}"
