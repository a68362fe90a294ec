"""The steps of the demo: a line for each."""
import time

from strom_process import Failure


class Steps:
    """Runs the steps of the demo and prints a line for each."""

    def __init__(self):
        self.rows_compared = 0
        self._start = time.monotonic()
        print(f"{'step':<64} {'rows':>8} {'seconds':>8}  equal", flush=True)

    def run(self, name: str, action, rows: int | None = None):
        """`action` raises Failure if something differs; `rows` are those it compared, None: it compared none."""
        start = time.monotonic()
        try:
            result = action()
        except Failure as failure:
            self._print(name, rows, start, "NO")
            raise Failure(f"{name}: {failure}") from None
        self._print(name, rows, start, "" if rows is None else "yes")
        self.rows_compared += rows or 0
        return result

    def count_rows(self, rows: int):
        """Rows that a step has compared, where their number is known at its end only."""
        self.rows_compared += rows

    def seconds(self) -> float:
        """Since the first step began."""
        return time.monotonic() - self._start

    @staticmethod
    def _print(name, rows, start, equal):
        print(f"{name:<64} {'' if rows is None else rows:>8} {time.monotonic() - start:>8.2f}  {equal}", flush=True)
