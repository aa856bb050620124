"""The table of the page: it leaves out columns that do not fit, rather than cutting all of them."""

from __future__ import annotations

from litekeep.ui.presenter.models import Column
from litekeep.ui.view.backups.columns import fitting
from litekeep.ui.widgets.table import HistoryTable
from litekeep.ui.widgets.tree import MEASURED, SIGNS


class BackupTable(HistoryTable):
    """A HistoryTable whose columns are those of models.Column."""

    _in_trash = False
    _measured: tuple[object, ...] = ()
    _fitted: tuple[object, ...] = ()

    def measure_again(self, *, in_trash: bool) -> None:
        """There are other rows; in_trash: those of the trash."""
        seen = (tuple(row.cells for row in self._rows[:MEASURED]), in_trash)
        self._in_trash = in_trash
        if seen != self._measured:
            self._measured = seen
            self.size_columns()

    def fit_columns(self) -> None:
        """Share out the room; see columns.fitting."""
        width = self.tree.winfo_width()
        wanted = (width, self._in_trash, tuple(self._natural.items()))
        if self.gone or width <= 1 or not self._natural or wanted == self._fitted:
            return
        self._fitted = wanted
        natural = {Column(key): size for key, size in self._natural.items()}
        widths = fitting(natural, width - self.scaled(SIGNS), in_trash=self._in_trash, scale=self.scale)
        shown = tuple(str(column) for column in widths)
        if tuple(map(str, self.tree.cget("displaycolumns"))) != shown:
            self.tree.configure(displaycolumns=shown)
        for column, size in widths.items():
            self.tree.column(str(column), width=size, minwidth=size)  # or one gives way while another is still wide
