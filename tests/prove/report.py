"""What a run of ./run prove says in the end: one line, made of what strom-prove counted."""

SUMS = ("operations", "acknowledged", "unknown", "refused", "lookups", "lookups_failed", "records_read", "lost", "duplicated",
        "changed", "stale", "other")
WRONG = ("lost", "duplicated", "changed", "stale", "other")
KINDS = {"log": "log", "keyed": "primary key", "lookup": "lookups"}


class Totals:
    """The rounds of a run, added up."""

    def __init__(self):
        self.sums = dict.fromkeys(SUMS, 0)
        self.violations: list[str] = []
        self.errors: dict[str, int] = {}

    def add(self, judged: dict):
        for name in SUMS:
            self.sums[name] += judged[name]
        self.violations += judged["violations"]
        for text, count in judged["errors"].items():
            self.errors[text] = self.errors.get(text, 0) + count

    @property
    def failed_requests(self) -> int:
        """What clients asked for and did not get, as they see it."""
        return self.sums["unknown"] + self.sums["lookups_failed"]

    def clean(self) -> bool:
        return not self.violations and not any(self.sums[name] for name in WRONG)


def windows_text(windows: dict) -> str:
    """Of each watch, in the order of their names but what follows a fault last, and each kind of bucket."""
    parts = []
    for name in sorted(windows, key=lambda n: (n == "return", n)):
        kinds = windows[name]
        texts = [f"{text} {k['p50']}/{k['p99']}/{k['max']}" for kind, text in KINDS.items() if (k := kinds.get(kind))]
        elsewhere = [k["max"] for kind, k in kinds.items() if kind.endswith(" elsewhere")]
        if elsewhere:
            texts.append(f"buckets led elsewhere at most {max(elsewhere)}")
        parts.append(f"{name}: " + ", ".join(texts))
    return "; ".join(parts)


def line(seed: int, what: str, count: int, totals: Totals, windows: dict, recovered: list[float], problem: str) -> str:
    s = totals.sums
    text = (f"prove: {'FAIL' if problem else 'PASS'} seed {seed}, {what}, {count} faults: {s['operations']} operations, "
            f"{s['acknowledged']} acknowledged, {s['unknown']} unknown, {s['lookups_failed']} lookups failed, "
            + ", ".join(f"{name} {s[name]}" for name in WRONG))
    if windows:
        text += f"; without service (ms, p50/p99/max) {windows_text(windows)}"
    if recovered:
        text += f"; recovered {len(recovered)} times, within {max(recovered):.1f} s"
    return text + (f"; {problem}" if problem else "")
