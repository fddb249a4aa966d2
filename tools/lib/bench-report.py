# SPDX-License-Identifier: GPL-2.0-or-later
"""What the measures of 'bench' amount to.

bench-report.py collect FOLDER      JSON of the figures that guests have told
bench-report.py table JSON          for a person
bench-report.py data JSON FOLDER    columns for gnuplot
bench-report.py check JSON TARGETS  exit status 1 when a target is missed

A value in JSON is a list with one number for each boot, null where the kernel
did not bear the measure; times are those of the boot's quickest pass. Boots of the same number are neighbours in time, so
ratios are taken of these.
"""
import json
import re
import sys
from collections import defaultdict
from pathlib import Path
from statistics import median

KERNELS = ("base", "series")
LINES = (1, 8, 32, 64)
THREADS = (1, 4, 16)
PROBES = (64, 1024, 65535)

# What the words behind a figure's name are, by the first of them.
FIELDS = {
    "ns": ("ns", "p99", "least"),
    "request": ("ns", "p99", "least"),
    "release": ("ns", "p99", "least"),
    "rate": ("rate", "failed"),
    "bytes": ("driver", "all"),
    "stamps": (),
    "counted": (),
}
COUNTS = {
    "requestq.notifications": "notifications",
    "requestq.interrupts": "interrupts",
    "eventq.notifications": "event_notifications",
    "eventq.interrupts": "event_interrupts",
    "instructions": "count",
}


def die(text):
    sys.exit(f"bench-report.py: {text}")


# --- collect -------------------------------------------------------------------

class Boots:
    """The figures of all boots: name -> kernel -> field -> value of each boot."""

    def __init__(self, count):
        self.count = count
        self.figures = defaultdict(lambda: {k: {} for k in KERNELS})
        self.errors = defaultdict(int)

    def put(self, place, name, field, value):
        boot, kernel = place
        fields = self.figures[name][kernel]
        fields.setdefault(field, [None] * self.count)[boot - 1] = value

    def has_quicker(self, place, name, field, values):
        """Whether an earlier pass of this boot was quicker. One with errors stays."""
        boot, kernel = place
        earlier = self.figures[name][kernel].get(field, [None] * self.count)[boot - 1]
        if earlier is None or len(values) < 2 or "hung" in values:
            return False
        if field == "ns":
            return earlier <= int(values[1])
        return field == "rate" and values[2] == "0" and earlier >= int(values[1])

    def keep_errors(self, place, name):
        """A pass without errors does not make up for one with."""
        boot, kernel = place
        failed = self.figures[name][kernel].get("failed", {})
        if failed and failed[boot - 1] is not None:
            key = place, name
            self.errors[key] = failed[boot - 1] = max(self.errors[key], failed[boot - 1])

    def add(self, place, words):
        """NAME OPERATIONS VALUE... COUNT=VALUE..."""
        _, kernel = place
        name, operations = words[0], int(words[1])
        values = [w for w in words[2:] if "=" not in w]
        names = FIELDS.get(values[0]) if values else None
        if names and self.has_quicker(place, name, names[0], values):
            return
        if names is None or "hung" in values:
            self.put(place, name, "why", " ".join(values) or "nothing came back")
            self.figures[name][kernel].pop("rate", None)
            # What the device has counted is of a measure that did not take place.
            if "hung" not in values:
                return
        elif len(values) > len(names):
            for field, value in zip(names, values[1:]):
                self.put(place, name, field, int(value))
            self.keep_errors(place, name)
        for word in words[2:]:
            key, _, value = word.partition("=")
            if key in COUNTS:
                self.put(place, name, COUNTS[key], int(value) / operations)


def value_changes(events, line):
    """When the value of a line changed, by the clock of the device."""
    last, times = 0, []
    for event in events:
        if event["event"] == "change" and event["line"] == line and event["value"] != last:
            last = event["value"]
            times.append(event["t"])
    return times


def device_clock(clock, start):
    """What makes of the counter's ticks the time of the device's record, from the
    counter and the host's clock before and after the boot."""
    (ticks0, ns0), (ticks1, ns1) = clock
    ns_in_tick = (ns1 - ns0) / (ticks1 - ticks0)
    return lambda ticks: ns0 + (ticks - ticks0) * ns_in_tick - start


def percentile(values, share):
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


def in_passes(values, passes):
    """Values one after the other, in as many lists as there were passes."""
    size = len(values) // passes
    return [values[i * size:(i + 1) * size] for i in range(passes)] if size else []


def add_edges(boots, place, told, trace, passes):
    """Latency of interrupts from the device's record to user space, and their
    rate, in the quickest pass."""
    events = [json.loads(line) for line in trace.read_text(encoding="utf-8").splitlines()]
    when = device_clock(told["clock"], events[0]["monotonic"])
    rates = [(len(times) - 1) * 1e9 / (when(times[-1]) - when(times[0]))
             for times in in_passes(told["edge-rate"], passes) if len(times) > 1]
    if rates:
        boots.put(place, "edge-rate", "rate", max(rates))
    arrived, sent = told["edge-latency"], value_changes(events, 3)
    if arrived and len(arrived) == len(sent):
        times = min(in_passes([when(a) - s for a, s in zip(arrived, sent)], passes), key=median)
        boots.put(place, "edge-latency", "ns", median(times))
        boots.put(place, "edge-latency", "p99", percentile(times, 0.99))


def estimate_memory(figures):
    """Where the base has no memory for all lines, what it would need goes by the
    difference of the two smaller numbers of lines."""
    small, many, most = (figures[f"memory-{n}"]["base"] for n in PROBES)
    for field in ("driver", "all"):
        if field not in most and field in small and field in many:
            line = (many[field][0] - small[field][0]) / (1024 - 64)
            most[field] = [many[field][0] + line * (65535 - 1024)]
            most["estimated"] = True


def read_settings(path):
    with open(path, encoding="utf-8") as file:
        return dict(line.rstrip("\n").split(" ", 1) for line in file)


def collect(folder):
    folder = Path(folder)
    setting = read_settings(folder / "setting")
    boots = Boots(int(setting["boots"]))
    told = defaultdict(lambda: defaultdict(list))
    broken = []
    for line in (folder / "figures").read_text(encoding="utf-8").splitlines():
        kind, boot, kernel, *words = line.split()
        place = int(boot), kernel
        if kind == "figure":
            boots.add(place, words)
        elif kind == "stamps":
            told[place][words[0]] += [int(w) for w in words[1:]]
        elif kind == "clock":
            told[place]["clock"].append([int(w) for w in words])
        else:
            broken.append(f"boot {boot}, {kernel}: {' '.join(words)}")
    for place, stamps in told.items():
        if stamps["edge-rate"]:
            add_edges(boots, place, stamps, folder / f"trace-{place[0]}-{place[1]}",
                      int(setting["passes"]))
    if "memory-65535" in boots.figures:
        estimate_memory(boots.figures)
    json.dump({"setting": setting, "broken": broken, "figures": boots.figures},
              sys.stdout, indent=1)
    print()


# --- reading what was collected ---------------------------------------------------

class Report:
    """The figures in a file of JSON."""

    def __init__(self, path):
        try:
            content = json.loads(Path(path).read_text(encoding="utf-8"))
            self.figures = content["figures"]
            self.setting = content["setting"]
            self.broken = content["broken"]
        except (OSError, ValueError, KeyError, TypeError) as error:
            die(f"{path} has no figures of 'bench': {error!r}")

    def fields(self, kernel, name):
        """Those of a kernel; the floor is the same for both."""
        if kernel == "floor":
            both = self.figures.get(f"floor-{name}", {}).values()
            values = [v for fields in both for v in fields.get("ns", []) if v is not None]
            return {"ns": values} if values else {}
        return self.figures.get(name, {}).get(kernel, {})

    def values(self, kernel, name, field):
        return self.fields(kernel, name).get(field, [])

    def median(self, kernel, name, field):
        values = [v for v in self.values(kernel, name, field) if v is not None]
        return median(values) if values else None

    def ratio(self, left, right):
        """Median of the ratios of boots that were neighbours; each side is
        (kernel, name, field)."""
        pairs = zip(self.values(*left), self.values(*right))
        ratios = [a / b for a, b in pairs if a is not None and b]
        return median(ratios) if ratios else None


# --- a table -----------------------------------------------------------------------

def microseconds(ns):
    us = ns / 1000
    return f"{us:,.1f}" if us < 100 else f"{us:,.0f}"


def plain(value):
    return f"{value:,.2f}" if value < 10 and value != int(value) else f"{value:,.0f}"


def kibibytes(value):
    return f"{value / 1024:,.1f}"


# Title, figure, field, how it is shown, the figure of the floor if there is one.
ROWS = (
    *((f"read {n} line{'s' * (n > 1)}, us", f"get-{n}", "ns", microseconds, n) for n in LINES),
    *((f"set {n} line{'s' * (n > 1)}, us", f"set-{n}", "ns", microseconds, n) for n in LINES),
    ("request 1 line, us", "request-1", "ns", microseconds, None),
    ("request 64 lines, us", "request-64", "ns", microseconds, None),
    ("release 1 line, us", "release-1", "ns", microseconds, None),
    ("release 64 lines, us", "release-64", "ns", microseconds, None),
    *((f"reads/s, {n} thread{'s' * (n > 1)}", f"threads-{n}", "rate", plain, None)
      for n in THREADS),
    *((f"probe {n:,} lines, us", f"probe-{n}", "ns", microseconds, None) for n in PROBES),
    *((f"driver's memory, {n:,} lines, KiB", f"memory-{n}", "driver", kibibytes, None)
      for n in PROBES),
    ("all memory, 65,535 lines, KiB", "memory-65535", "all", kibibytes, None),
    ("edge to user space, us", "edge-latency", "ns", microseconds, None),
    ("the same, 99th percentile, us", "edge-latency", "p99", microseconds, None),
    ("edges/s of one line", "edge-rate", "rate", plain, None),
    ("notifications to read 64 lines", "get-64", "notifications", plain, None),
    ("interrupts to read 64 lines", "get-64", "interrupts", plain, None),
    ("notifications to request and release 64", "request-64", "notifications", plain, None),
    ("interrupts to request and release 64", "request-64", "interrupts", plain, None),
    ("notifications to re-arm 64 interrupts", "burst-64", "event_notifications", plain, None),
    ("interrupts for 64 edges at once", "burst-64", "event_interrupts", plain, None),
    ("instructions to read 1 line", "instructions-get-1", "count", plain, None),
    ("instructions to set 1 line", "instructions-set-1", "count", plain, None),
    ("instructions to read 64 lines", "instructions-get-64", "count", plain, None),
)


def cell(report, kernel, name, field, show):
    """The median, and the spread in percent of it."""
    fields = report.fields(kernel, name)
    values = [v for v in fields.get(field, []) if v is not None]
    if not values:
        why = [w for w in fields.get("why", []) if w]
        return shorten(why[0]) if why else "-"
    text = ("~" if fields.get("estimated") else "") + show(median(values))
    if len(values) > 1 and median(values):
        spread = 50 * (max(values) - min(values)) / median(values)
        text += f" ±{spread:.0f}%" if spread >= 0.5 else ""
    return text


def shorten(why):
    """Of an error that the kernel or the program has told."""
    word = re.search(r"\bE[A-Z]+\b", why)
    return word.group() if word else "hangs" if "hung" in why or "nothing" in why else "fails"


def factor(report, row):
    """How much better the series is: more of a rate, less of anything else."""
    _, name, field, _, _ = row
    sides = ("series", name, field), ("base", name, field)
    if field != "rate":
        sides = sides[::-1]
    ratio = report.ratio(*sides)
    return "-" if ratio is None else f"{ratio:.2f}" if ratio < 10 else f"{ratio:,.0f}"


def over_floor(report, row):
    """How many times the floor the series takes, by the medians."""
    floor = row[4] and report.median("floor", str(row[4]), "ns")
    value = report.median("series", *row[1:3])
    return f"{value / floor:.2f}" if floor and value else ""


def table(path):
    report = Report(path)
    alone = not any(figure["base"] for figure in report.figures.values())
    heads = ("series", "floor", "of the floor") if alone else ("base", "series", "times better", "floor")
    lines = [("", *heads)]
    for row in ROWS:
        title, name, field, show, floor = row
        if name not in report.figures:
            continue
        series = cell(report, "series", name, field, show)
        least = cell(report, "floor", str(floor), "ns", show) if floor else ""
        if alone:
            lines.append((title, series, least, over_floor(report, row)))
        else:
            lines.append((title, cell(report, "base", name, field, show), series,
                          factor(report, row), least))
    widths = [max(len(line[i]) for line in lines) for i in range(len(lines[0]))]
    for key in ("machine", "host", "kernel", "guest", "cpus", "priority", "date", "load",
                "command"):
        print(f"{key}: {report.setting.get(key, '-')}")
    print()
    for line in lines:
        print("  ".join([line[0].ljust(widths[0])] +
                        [text.rjust(width) for text, width in zip(line[1:], widths[1:])]).rstrip())
    for text in report.broken:
        print(f"not to its end: {text}")


# --- plots and targets -----------------------------------------------------------------

def data(path, folder):
    report = Report(path)
    plots = {
        "latency": [(n, [report.median("base", f"get-{n}", "ns"),
                         report.median("series", f"get-{n}", "ns"),
                         report.median("floor", str(n), "ns")]) for n in LINES],
        "threads": [(n, [report.median(k, f"threads-{n}", "rate") for k in KERNELS])
                    for n in THREADS],
        "probe": [(n, [report.median(k, f"probe-{n}", "ns") for k in KERNELS]) for n in PROBES],
    }
    for name, rows in plots.items():
        text = "".join(f"{x} " + " ".join("?" if y is None else str(y) for y in ys) + "\n"
                       for x, ys in rows)
        (Path(folder) / f"{name}.dat").write_text(text, encoding="utf-8")


TARGET = re.compile(r"(?P<title>[^:#]+): (?P<left>\S+)(?: / (?P<right>\S+))? "
                    r"(?P<relation><=|>=) (?P<limit>[0-9.]+)$")


def operand(text):
    """KERNEL.FIGURE.FIELD"""
    parts = text.split(".")
    if len(parts) != 3 or parts[0] not in KERNELS:
        die(f"'{text}' is no figure; they are base.NAME.FIELD and series.NAME.FIELD")
    return parts


def judge(report, target):
    """(value, whether the target is met); None if it was not measured."""
    if target["right"]:
        value = report.ratio(operand(target["left"]), operand(target["right"]))
    else:
        value = report.median(*operand(target["left"]))
    if value is None:
        return None, False
    limit = float(target["limit"])
    return value, value <= limit if target["relation"] == "<=" else value >= limit


def check(path, targets):
    report = Report(path)
    passed = failed = 0
    for number, line in enumerate(Path(targets).read_text(encoding="utf-8").splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        target = TARGET.match(line)
        if not target:
            die(f"{targets}:{number}: a target is 'TITLE: FIGURE [/ FIGURE] <= or >= NUMBER'")
        value, met = judge(report, target)
        passed, failed = passed + met, failed + (not met)
        shown = "not measured" if value is None else f"{value:,.2f}"
        print(f"{'ok' if met else 'MISSED':7}{target['title']}: {shown}, "
              f"target {target['relation']} {target['limit']}")
    print(f"{passed} passed, {failed} failed")
    sys.exit(1 if failed or not passed else 0)


def main():
    commands = {"collect": collect, "table": table, "data": data, "check": check}
    commands[sys.argv[1]](*sys.argv[2:])


main()
