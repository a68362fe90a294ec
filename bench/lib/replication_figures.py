"""From the lines of bench/java's program to figures, and from the figures of all rounds to what was shown. Pure."""
import statistics

LATENCY_MS_MAX = 2.0  # p50 of Strom, in `replicated`.
DURABLE_SHARE_MIN = 0.7  # Of the append throughput of `replicated`.


def percentile(values: list[float], percent: int) -> float:
    """The smallest of the values that so many per cent do not exceed."""
    return sorted(values)[max(0, -(-percent * len(values) // 100) - 1)]


def figure(line: dict) -> dict:
    """What is printed of one line of the program."""
    found = {key: line[key] for key in ("figure", "profile", "linger_ms")}
    if "micros" in line:
        millis = [micros / 1000 for micros in line["micros"]]
        return found | {"samples": len(millis), "p50_ms": round(statistics.median(millis), 3),
                        "p99_ms": round(percentile(millis, 99), 3)}
    return found | {"rows_per_s": round(line["rows"] / line["seconds"]),
                    "server_cpu_s_per_million": round(line["server_cpu_s"] / line["rows"] * 1e6, 2)}


class Summary:
    """The figures of all rounds, by system, profile, figure and linger."""

    def __init__(self):
        self._found: dict[tuple, list[dict]] = {}

    def add(self, system: str, found: dict):
        key = (system, found["profile"], found["figure"], found["linger_ms"])
        self._found.setdefault(key, []).append(found)

    def median(self, system: str, profile: str, name: str, linger_ms: int, value: str) -> float | None:
        """Over the rounds; None if it was not measured."""
        found = self._found.get((system, profile, name, linger_ms))
        return statistics.median(f[value] for f in found) if found else None

    def results(self) -> list[dict]:
        """The figures that have a target or a peer."""
        lines = []
        for name, linger_ms in (("append_acked", 0), ("append_polled", 0), ("append_acked", 100)):
            for profile in ("replicated", "durable"):
                lines += self._latency(name, linger_ms, profile)
        return lines + self._throughput()

    def _latency(self, name: str, linger_ms: int, profile: str) -> list[dict]:
        ours = self.median("strom", profile, name, linger_ms, "p50_ms")
        if ours is None:
            return []
        line = {"figure": name, "profile": profile, "linger_ms": linger_ms, "p50_ms": round(ours, 3),
                "p99_ms": round(self.median("strom", profile, name, linger_ms, "p99_ms"), 3)}
        peer = self.median("fluss", "shipped", name, linger_ms, "p50_ms")
        if peer is not None:
            line |= {"fluss_p50_ms": round(peer, 3), "fluss_to_strom": round(peer / ours, 1)}
        if profile == "replicated" and linger_ms == 0:
            line |= {"target_p50_ms": LATENCY_MS_MAX, "reached": ours <= LATENCY_MS_MAX}
        return [line]

    def _throughput(self) -> list[dict]:
        replicated, durable, peer = (self.median(system, profile, "append_throughput", 100, "rows_per_s") for
                                     system, profile in (("strom", "replicated"), ("strom", "durable"),
                                                         ("fluss", "shipped")))
        lines = []
        if replicated and durable:
            share = durable / replicated
            lines.append({"figure": "append_throughput", "durable_to_replicated": round(share, 3),
                          "target": DURABLE_SHARE_MIN, "reached": share >= DURABLE_SHARE_MIN})
        if replicated and peer:
            lines.append({"figure": "append_throughput", "profile": "replicated", "rows_per_s": round(replicated),
                          "fluss_rows_per_s": round(peer), "strom_to_fluss": round(replicated / peer, 2)})
        return lines
