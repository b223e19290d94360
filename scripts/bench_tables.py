"""The tables of docs/performance.md from what scripts/bench measured (for scripts/bench).

Times are medians over the rounds in nanoseconds an element, and ratios are of medians.
"""

import math
import os

import accuracy_tables

ELEVEN = ["relu", "leaky_relu", "hard_swish", "sigmoid", "tanh", "elu", "softplus", "silu", "mish", "gelu_tanh",
          "gelu"]
FASTER = ["sigmoid_fast", "tanh_fast", "mish_fast", "gelu_fast"]
LIMITED = ["exp", "sigmoid", "tanh", "silu", "gelu", "mish"]  # those that stand first in the table of limits
CACHE, MEMORY = 32768, 16 << 20
DASH = "–"

# A peer's column: its contenders, of which the fastest counts, and how it comes to be there.
LOOPS = {"C++ loop": ["C++ loop"], "-ffast-math": ["C++ loop, -ffast-math"]}
PEERS = {
    "oneDNN": (["oneDNN"], "libdnnl-dev"),
    "PyTorch": (["PyTorch"], "libtorch-dev"),
    "Eigen": (["Eigen"], "libeigen3-dev"),
    "XNNPACK": (["XNNPACK, AVX-512", "XNNPACK, AVX2"], "a checkout, by --xnnpack"),
    "XNNPACK 2022": (["XNNPACK, Debian"], "libxnnpack-dev"),
    "Halide": (["Halide", "Halide, 2 vectors"], "libhalide14-0-dev"),
    "SLEEF": (["SLEEF, AVX-512", "SLEEF, AVX2"], "libsleef-dev"),
}
OURS = ["actc", "actc, AVX2", "actc, from y", "hand-written", "hand-written, accurate"]
COPIES = ["memcpy", "copy, streamed"]
# Gradients from y, which are not compared with those from x.
FROM_Y = ["oneDNN, from y"]
PYTORCH_FROM_Y = ["sigmoid", "tanh"]


class Measured:
    """The lines by what they are of."""

    def __init__(self, measured):
        self.all = measured
        self.speed, self.error, self.call, self.code, self.prepare, self.rows = {}, {}, {}, {}, {}, []
        self.machine, self.present, self.inputs, self.threads, self.compile = None, [], 0, [], None
        for line in measured["lines"]:
            kind = line["kind"]
            if kind == "speed":
                self.speed[line["function"], line["direction"], line["type"], line["n"]] = line
            elif kind == "error":
                self.error[line["function"], line["direction"]] = line["largest"]
                self.inputs = line["inputs"]
            elif kind == "contender":
                self.present.append(line["name"])
            elif kind == "machine":
                self.machine = line
            elif kind == "rows":
                self.rows.append(line)
            elif kind == "threads":
                self.threads.append(line)
            elif kind == "compile":
                self.compile = line
            else:
                {"call": self.call, "code": self.code, "prepare": self.prepare}[kind][line["function"]] = line
        limits = measured["limits"] or {"loops": []}
        self.limits = {(l["function"], l["direction"], l["who"]): l for l in limits["loops"] if l["type"] == "f32"}
        self.limits_bf16 = {(l["function"], l["direction"]): l for l in limits["loops"] if l["type"] == "bf16"}

    def time(self, function, direction, who, n=CACHE, dtype="f32", which=2):
        """Nanoseconds a call; None where there is none."""
        line = self.speed.get((function, direction, dtype, n))
        times = line and line["times"].get(who)
        return times[which] if times else None

    def fastest(self, names, function, direction, n=CACHE, dtype="f32"):
        """(name, nanoseconds a call) of those of the names that are offered; (None, None) of none."""
        found = [(self.time(function, direction, name, n, dtype), name) for name in names]
        found = [(t, name) for t, name in found if t is not None]
        return min(found)[::-1] if found else (None, None)

    def peers(self, function, direction, from_y=False):
        """All but actc, the hand-written kernels and copies that compute the same from the same."""
        def is_from_y(name):
            return direction == "backward" and (name in FROM_Y or name == "PyTorch" and function in PYTORCH_FROM_Y)
        return [name for name in self.present if name not in OURS + COPIES and is_from_y(name) == from_y]

    def ulp(self, function, direction, who):
        found = self.error.get((function, direction), {}).get(who)
        return None if found is None else math.inf if found[0] < 0 else found[0]


def geometric_mean(values):
    values = list(values)
    return math.exp(sum(map(math.log, values)) / len(values)) if values else None


def ratio(a, b):
    return None if a is None or b is None else a / b


def number(value, digits=2):
    return DASH if value is None else f"{value:.{digits}f}"


def errors(value):
    if value is None:
        return DASH
    return "NaN or ∞" if value == math.inf else f"{value:.2f}" if value < 100 else f"{value:.1e}"


def table(heads, rows):
    """Without the columns that are empty."""
    kept = [k for k in range(len(heads)) if k == 0 or any(row[k] not in (DASH, "**" + DASH + "**") for row in rows)]
    heads, *rows = ([line[k] for k in kept] for line in (heads, *rows))
    return ["| " + " | ".join(heads) + " |", "|---" * len(heads) + "|",
            *("| " + " | ".join(row) + " |" for row in rows)]


def spread(times, n):
    """The median and half of what lies between the quartiles, in percent of it."""
    _, low, middle, high = times
    return f"{middle / n:.3f} ±{100 * (high - low) / 2 / middle:.0f} %"


def functions_of(m, direction, n, dtype):
    return [f for f in ("exp", *ELEVEN, *FASTER) if (f, direction, dtype, n) in m.speed]


def speeds(m, direction, n, dtype="f32"):
    """A row a function, a column a contender; of a peer with several the fastest."""
    columns = {name: [name] for name in OURS} | LOOPS | {name: of for name, (of, _) in PEERS.items()} | \
        {name: [name] for name in FROM_Y + COPIES}
    functions = functions_of(m, direction, n, dtype)
    rows = []
    for f in functions:
        cells = []
        for names in columns.values():
            who, _ = m.fastest(names, f, direction, n, dtype)
            cells.append(DASH if who is None else spread(m.speed[f, direction, dtype, n]["times"][who], n))
        rows.append(cells)
    return table(["ns an element", *columns], [[f, *row] for f, row in zip(functions, rows)])


def all_speeds(m):
    lines = []
    sizes = sorted({n for _, _, dtype, n in m.speed if dtype == "f32"})
    for direction in ("forward", "backward", "both"):
        for n in sizes:
            if len(functions_of(m, direction, n, "f32")) > 1:
                lines += [f"#### {direction}, {n:,} elements", "", *speeds(m, direction, n), ""]
    return lines[:-1]


def types(m):
    lines = []
    for dtype in ("f64", "bf16", "f16"):
        for n in (CACHE, MEMORY):
            for direction in ("forward", "backward"):
                if functions_of(m, direction, n, dtype):
                    lines += [f"#### {dtype}, {direction}, {n:,} elements", "", *speeds(m, direction, n, dtype), ""]
    return lines[:-1]


def mean_ratio(m, direction, ours, names, n=CACHE):
    """The geometric mean over those of the eleven that both have, and how many they are."""
    found = [ratio(m.time(f, direction, ours, n), m.fastest(names, f, direction, n)[1]) for f in ELEVEN]
    found = [r for r in found if r is not None]
    return geometric_mean(found), len(found)


def summary(m):
    """The geometric means over the eleven."""
    rows = []
    for text, names in [("hand-written", ["hand-written"]),
                        *((name, of) for name, of in (LOOPS | {p: c for p, (c, _) in PEERS.items()}).items()),
                        ("memcpy", ["memcpy"])]:
        cells = []
        for direction in ("forward", "backward", "both"):
            for n in (CACHE, MEMORY):
                mean, count = mean_ratio(m, direction, "actc", names, n)
                cells.append(DASH if mean is None else f"{mean:.2f}" + ("" if count == 11 else f" (of {count})"))
        rows.append([text, *cells])
    heads = [f"{d}, {n:,}" for d in ("forward", "backward", "both") for n in (CACHE, MEMORY)]
    return table(["actc's time over that of", *heads], rows)


def worst(pairs):
    """The largest of (ratio, name), as text."""
    found = [(r, name) for r, name in pairs if r is not None]
    return f"{max(found)[0]:.2f} ({max(found)[1]})" if found else DASH


def in_short(m):
    """The largest and the mean ratios of the tables below."""
    rows = []
    for direction in ("forward", "backward"):
        for other in ("hand-written", "hand-written, accurate"):
            found = [(ratio(m.time(f, direction, "actc"), m.time(f, direction, other)), f) for f in ELEVEN]
            mean = geometric_mean(r for r, _ in found if r is not None)
            rows.append([f"{direction}, 32,768: over {other}", number(mean), worst(found)])
        for other in ("oneDNN", "PyTorch"):
            rows.append([f"{direction}, 32,768: over {other}", number(mean_ratio(m, direction, "actc", [other])[0]), ""])
        peers = [(*fastest_ratio(m, f, direction, "actc"), f) for f in ELEVEN]
        for accurate, text in ((True, "no greater than twice actc's"), (False, "greater")):
            found = [(r, f) for r, is_accurate, f in peers if is_accurate == accurate]
            rows.append([f"{direction}, 32,768: over the fastest peer, its error {text}", "", worst(found)])
    for who in ("actc", "hand-written", "hand-written, accurate"):
        found = [(limit_ratio(m, f, d, who, CACHE, m.limits), f"{f}, {d}") for d in ("forward", "backward")
                 for f in ("exp", *ELEVEN)]
        rows.append([f"{who}, 32,768: over llvm-mca's cycles or the bytes", geometric_or_dash(found), worst(found)])
    found = [(limit_ratio(m, f, d, "actc", MEMORY, m.limits, ["memcpy"]), f"{f}, {d}")
             for d in ("forward", "backward") for f in ELEVEN]
    rows.append(["actc, 16 Mi: over the larger of memcpy and llvm-mca's cycles", geometric_or_dash(found), worst(found)])
    return table(["time over that of another, medians", "geometric mean", "largest"],
                 [row for row in rows if row[1:] not in ([DASH, DASH], ["", DASH], [DASH, ""])])


def geometric_or_dash(found):
    return number(geometric_mean(r for r, _ in found if r is not None))


def fastest_ratio(m, function, direction, ours):
    """(actc's time over that of the fastest peer, whether that is within twice actc's error)."""
    who, time = m.fastest(m.peers(function, direction, ours != "actc"), function, direction)
    own, theirs = m.ulp(function, direction, ours), m.ulp(function, direction, who)
    return ratio(m.time(function, direction, ours), time), None not in (own, theirs) and theirs <= 2 * own


def limit_ratio(m, function, direction, who, n, limits, copies=COPIES):
    """Its time over the larger of what its loop takes and what moving the bytes takes."""
    limit, time = limits.get((function, direction, who)), m.time(function, direction, who, n)
    if limit is None or time is None:
        return None
    cycle = m.speed[function, direction, "f32", n]["cycle"]
    return time / max(limit["cycles"] * cycle * n, m.fastest(copies, function, direction, n)[1])


def hand_written(m):
    """Each of the eleven beside the hand-written kernels."""
    accurate = any("hand-written, accurate" in line["times"] for line in m.speed.values())
    others = ["hand-written"] + (["hand-written, accurate"] if accurate else [])
    rows, columns = [], {}
    for f in ELEVEN:
        cells = []
        for direction in ("forward", "backward"):
            for ours in ("actc", "actc, AVX2"):
                for other in others:
                    r = ratio(m.time(f, direction, ours), m.time(f, direction, other))
                    cells.append(number(r))
                    columns.setdefault((direction, ours, other), []).append(r)
            cells.append(" / ".join(errors(m.ulp(f, direction, who)) for who in ("actc", *others)))
        rows.append([f, *cells])
    heads, means = [], []
    for direction in ("forward", "backward"):
        for ours in ("actc", "actc, AVX2"):
            for other in others:
                heads.append(f"{direction}: {ours} / {other}")
                means.append(f"**{number(geometric_mean(r for r in columns[direction, ours, other] if r))}**")
        heads.append("errors, ULP: actc / " + " / ".join(others))
        means.append("")
    return table(["", *heads], rows + [["**geometric mean**", *means]])


def fastest_peers(m):
    """Beside the fastest of all that are no kernels of ours, with both errors."""
    rows = []
    for direction, ours in (("forward", "actc"), ("backward", "actc"), ("backward", "actc, from y")):
        for f in ("exp", *ELEVEN):
            who, time = m.fastest(m.peers(f, direction, ours != "actc"), f, direction)
            quotient, accurate = fastest_ratio(m, f, direction, ours)
            if quotient is not None:
                rows.append([f, direction if ours == "actc" else "backward, from y", who, f"{time / CACHE:.3f}",
                             errors(m.ulp(f, direction, who)), number(m.time(f, direction, ours) / CACHE, 3),
                             errors(m.ulp(f, direction, ours)), number(quotient), "yes" if accurate else "no"])
    return table(["", "", "fastest peer", "ns an element", "its error, ULP", "actc", "its error, ULP",
                  "actc / peer", "peer within twice actc's error"], rows)


def mish_both(m):
    rows = []
    for n in sorted({n for f, d, t, n in m.speed if (f, d, t) == ("mish", "both", "f32")}):
        own, theirs = (m.time("mish", "both", who, n) for who in ("actc", "PyTorch"))
        rows.append([f"{n:,}", number(ratio(own, n), 3), number(ratio(theirs, n), 3), number(ratio(own, theirs))])
    return table(["mish, forward and backward: elements", "actc, ns an element", "PyTorch", "ratio"], rows)


def xnnpack(m):
    """The hand-written kernels beside today's XNNPACK at equal width, forward."""
    rows = []
    for f in ("exp", "sigmoid", "tanh", "elu", "gelu", "gelu_tanh"):
        peer = m.time(f, "forward", "XNNPACK, AVX2")
        if peer is None:
            continue
        row = [f, f"{peer / CACHE:.3f}", errors(m.ulp(f, "forward", "XNNPACK, AVX2"))]
        for who in ("hand-written", "hand-written, accurate", "actc, AVX2"):
            own = m.time(f, "forward", who)
            row += [number(ratio(own, CACHE), 3), errors(m.ulp(f, "forward", who)), number(ratio(own, peer))]
        rows.append(row)
    heads = ["AVX2, forward, 32,768 elements", "XNNPACK, ns", "ULP"]
    for who in ("hand-written", "hand-written, accurate", "actc, AVX2"):
        heads += [f"{who}, ns", "ULP", "/ XNNPACK"]
    return table(heads, rows) if rows else ["(No checkout of XNNPACK was built beside it.)"]


def copy_time(m, function, direction, n, dtype="f32"):
    """The least that moving the bytes took, around the caches or through them."""
    return m.fastest(COPIES, function, direction, n, dtype)[1]


def memory(m):
    """In memory, beside memcpy and beside what the arithmetic takes."""
    rows = []
    for direction in ("forward", "backward"):
        for f in ELEVEN:
            own, copied = m.time(f, direction, "actc", MEMORY), m.time(f, direction, "memcpy", MEMORY)
            if own is None:
                continue
            limit = m.limits.get((f, direction, "actc"))
            cycle = m.speed[f, direction, "f32", MEMORY]["cycle"]
            arithmetic = limit and limit["cycles"] * cycle * MEMORY
            rows.append([f, direction, number(own / MEMORY, 3), number(own / copied),
                         number(own / copy_time(m, f, direction, MEMORY)),
                         number(ratio(arithmetic, MEMORY), 3), number(ratio(own, arithmetic))])
    return table(["16 Mi elements", "", "actc, ns an element", "/ memcpy", "/ the faster copy",
                  "arithmetic (llvm-mca), ns", "/ arithmetic"], rows)


def halves(m):
    """What half the bytes gain in memory, and what the arithmetic leaves of it."""
    rows = []
    for direction in ("forward", "backward"):
        for f in ELEVEN:
            row = [f, direction, *(number(ratio(m.time(f, direction, "actc, f32", MEMORY, dtype),
                                                m.time(f, direction, "actc", MEMORY, dtype)))
                                   for dtype in ("bf16", "f16", "f64"))]
            time, limit = m.time(f, direction, "actc", MEMORY, "bf16"), m.limits_bf16.get((f, direction))
            arithmetic = None
            if time is not None and limit is not None:
                arithmetic = limit["cycles"] * m.speed[f, direction, "bf16", MEMORY]["cycle"] * MEMORY
            rows.append([*row, number(ratio(time, MEMORY), 3), number(ratio(arithmetic, MEMORY), 3),
                         number(ratio(time, arithmetic))])
    return table(["16 Mi elements", "", "binary32's time / bf16's", "/ f16's", "/ f64's", "bf16, ns an element",
                  "its arithmetic (llvm-mca), ns", "/ arithmetic"], rows)


def limits(m):
    """How far each kernel is from what its loop and its bytes allow."""
    rows = []
    for f in (*LIMITED, *(f for f in ELEVEN if f not in LIMITED)):
        for direction in ("forward", "backward"):
            for who in OURS:
                limit, time = m.limits.get((f, direction, who)), m.time(f, direction, who)
                if limit is None or time is None:
                    continue
                cycle = m.speed[f, direction, "f32", CACHE]["cycle"]
                arithmetic = limit["cycles"] * cycle
                moved = copy_time(m, f, direction, CACHE) / CACHE
                bound = max(arithmetic, moved)
                rows.append([f, direction, who, number(limit["cycles"]), number(limit["ports"]),
                             number(arithmetic, 3), number(moved, 3), number(time / CACHE, 3),
                             f"{time / CACHE / bound:.2f}",
                             f"{time / CACHE / max(limit['ports'] * cycle, moved):.2f}"])
    return table(["", "", "", "llvm-mca, cycles an element", "its ports alone", "cycles in ns", "bytes, ns",
                  "time, ns", "time / limit", "time / limit, of the ports alone"], rows)


def largest_errors(m):
    columns = OURS + [name for name in m.present if name not in OURS + COPIES]
    lines = [f"{m.inputs:,} inputs."]
    for direction in ("forward", "backward"):
        functions = [f for f in ("exp", *ELEVEN, *FASTER) if (f, direction) in m.error]
        lines += ["", *table([direction, *columns],
                             [[f, *(errors(m.ulp(f, direction, who)) for who in columns)] for f in functions])]
    return lines


def calls(m):
    rows = []
    for f, line in m.call.items():
        own, theirs = (line["times"][who][2] for who in ("actc", "hand-written"))
        rows.append([f, f"{own:.1f}", f"{theirs:.1f}", f"{own - theirs:+.1f}"])
    return table(["ns", "actc, bound", "hand-written, by pointer", "difference"], rows)


def code(m):
    return table(["bytes of code", "forward", "backward", "both in one pass"],
                 [[f, *(f"{line[d]:,}" for d in ("forward", "backward", "both"))] for f, line in m.code.items()])


def preparations(m):
    columns = ["actc", "Halide", "oneDNN"]
    rows = [[f, *(number(line["times"][who][1] / 1e6) if who in line["times"] else DASH for who in columns)]
            for f, line in m.prepare.items()]
    return table(["ms until the forward pass can be called (median of 5)", *columns], rows)


def on_threads(m):
    rows = []
    for line in m.threads:
        one, two = line["times"]["one"], line["times"]["two"]
        rows.append([f"{line['n']:,}", f"{one[2] / 1000:.1f}", f"{two[2] / 1000:.1f}",
                     f"{one[2] / two[2]:.2f} ({one[0] / two[0]:.2f})", f"{line['idle']:.3f}"])
    return table(["gelu, elements", "one thread, microseconds a call", "two threads",
                  "one / two, medians (minima)", "processor's time in an idle second, ms"], rows)


def compiling(m):
    c, columns = m.compile, ["graphs", "llvm_ir", "llvm", "link", "total"]
    rows = [[r["definition"], *(number(r[k]) for k in columns), f"{r['from_cache']:.3f}"] for r in c["results"]]
    median = sorted(r["total"] for r in c["results"])[len(c["results"]) // 2]
    cached = sorted(r["from_cache"] for r in c["results"])[len(c["results"]) // 2]
    return [f"A process that loads actc and LLVM and ends: {c['start']:.1f} ms. In it, the standard library: "
            f"{c['standard_library']:.1f} ms; a first kernel, which loads the parts of LLVM that it needs: "
            f"{c['first_kernel']:.1f} ms.", "",
            *table(["ms, medians of 9", "graphs", "LLVM's IR", "LLVM", "link", "total", "from the cache"],
                   rows + [["**median**", "", "", "", "", f"**{median:.2f}**", f"**{cached:.3f}**"]])]


def mathematics(m):
    names = [f for f, d, t, n in m.speed if (d, t, n) == ("forward", "f32", CACHE)
             and f not in (*ELEVEN, *FASTER) or f in ("sigmoid", "tanh")]
    rows = []
    for f in dict.fromkeys(names):
        row = [f]
        for own, peer in (("actc", "SLEEF, AVX-512"), ("actc, AVX2", "SLEEF, AVX2")):
            a, b = m.time(f, "forward", own), m.time(f, "forward", peer)
            row += [number(ratio(a, CACHE), 3), number(ratio(b, CACHE), 3), number(ratio(a, b))]
        rows.append(row)
    return table(["ns an element", "actc", "SLEEF, AVX-512", "ratio", "actc, AVX2", "SLEEF, AVX2", "ratio"], rows)


def over_rows(m):
    rows = []
    for line in m.rows:
        own, other = line["actc"], line["other"]
        rows.append([line["case"], f"{line['rows']:,} × {line['columns']:,}", f"{own[2] / 1000:.1f}", line["beside"],
                     f"{other[2] / 1000:.1f}", f"{own[2] / other[2]:.2f} ({own[0] / other[0]:.2f})"])
    return table(["microseconds a call", "rows × columns", "actc", "beside", "", "ratio of medians (of minima)"], rows)


def machine(m):
    host, found = m.all["host"], m.machine
    wide = f"{found['fma_512']:.2f} of 512 bits and " if found["fma_512"] else ""
    return [f"{host['model']}, {found['clock_ghz']:.2f} GHz, {wide}{found['fma_256']:.2f} fused multiply-additions "
            f"of 256 bits a cycle (measured), {host['date']}, revision {host['commit']}; `scripts/bench "
            f"--rounds={m.all['rounds']}`" + (f"; `llvm-mca -mcpu={m.all['limits']['cpu']}`" if m.all["limits"] else "")
            + "."]


def peers(m):
    rows = [[name, "yes" if set(of) & set(m.present) else DASH, how] for name, (of, how) in PEERS.items()]
    return table(["peer", "measured", "comes from"], rows)


def write(path, measured):
    """A table is left as it is where there is nothing for it."""
    m = Measured(measured)
    with open(path) as file:
        document = file.read()
    has_types = any(dtype != "f32" for _, _, dtype, _ in m.speed)
    has_speed = ("gelu", "forward", "f32", CACHE) in m.speed
    made = {
        "machine": (m.machine and measured["what"], machine), "peers": (m.present, peers),
        "in short": (has_speed and m.error and m.limits, in_short), "summary": (has_speed, summary), "hand-written": (has_speed and m.error, hand_written),
        "fastest peers": (has_speed and m.error, fastest_peers), "mish": (has_speed, mish_both),
        "xnnpack": (has_speed, xnnpack), "memory": (has_speed, memory), "halves": (has_types and has_speed, halves),
        "limits": (has_speed and m.limits, limits), "errors": (m.error, largest_errors), "calls": (m.call, calls),
        "code": (m.code, code), "prepare": (m.prepare, preparations),
        "threads": (m.threads, on_threads), "compile": (m.compile, compiling),
        "math": (("erf", "forward", "f32", CACHE) in m.speed, mathematics), "rows": (m.rows, over_rows),
        "speeds": (has_speed, all_speeds), "types": (has_types, types),
    }
    for name, (present, make) in made.items():
        if present:
            document = accuracy_tables.replace(document, name, make(m))
    with open(path + ".part", "w") as file:
        file.write(document)
    os.replace(path + ".part", path)
