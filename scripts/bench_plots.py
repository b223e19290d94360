"""The plots of docs/performance.md as SVG (for scripts/bench).

A contender has a colour of Okabe and Ito's set, which the colour-blind can tell apart, and a shape,
which print without colour keeps.
"""

import math
import os

from bench_tables import CACHE, COPIES, ELEVEN, MEMORY, PEERS, Measured

# Name, contenders of which the fastest counts, colour, shape.
SERIES = [
    ("actc", ["actc"], "#D55E00", "circle"),
    ("hand-written AVX2", ["hand-written"], "#000000", "diamond"),
    ("XNNPACK", PEERS["XNNPACK"][0], "#0072B2", "square"),
    ("oneDNN", ["oneDNN"], "#009E73", "triangle"),
    ("Eigen", ["Eigen"], "#CC79A7", "square"),
    ("Halide", PEERS["Halide"][0], "#56B4E9", "diamond"),
    ("SLEEF", PEERS["SLEEF"][0], "#E69F00", "cross"),
    ("PyTorch", ["PyTorch"], "#0072B2", "cross"),
    ("C++, -ffast-math", ["C++ loop, -ffast-math"], "#000000", "triangle"),
    ("C++", ["C++ loop"], "#000000", "cross"),
    ("memcpy", ["memcpy"], "#777777", "bar"),
]
LEFT, RIGHT, TOP, ROW = 110, 20, 78, 26
WIDTH = 820


def mark(shape, x, y, colour):
    r = 4.5
    if shape == "circle":
        return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{r + 1}" fill="{colour}"/>'
    if shape == "square":
        return f'<rect x="{x - r:.1f}" y="{y - r:.1f}" width="{2 * r}" height="{2 * r}" fill="none" ' \
               f'stroke="{colour}" stroke-width="1.8"/>'
    if shape == "cross":
        return f'<path d="M{x - r:.1f} {y - r:.1f}l{2 * r} {2 * r}m0 {-2 * r}l{-2 * r} {2 * r}" ' \
               f'stroke="{colour}" stroke-width="1.8" fill="none"/>'
    if shape == "bar":
        return f'<path d="M{x:.1f} {y - 9:.1f}v18" stroke="{colour}" stroke-width="3"/>'
    points = {"diamond": [(0, -r - 1), (r + 1, 0), (0, r + 1), (-r - 1, 0)],
              "triangle": [(0, -r - 1), (r + 0.5, r), (-r - 0.5, r)]}[shape]
    corners = " ".join(f"{x + a:.1f},{y + b:.1f}" for a, b in points)
    return f'<polygon points="{corners}" fill="none" stroke="{colour}" stroke-width="1.8"/>'


def text(x, y, words, anchor="start", weight="normal"):
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-weight="{weight}">{words}</text>'


def ticks(low, high):
    """1, 2 and 5 times powers of ten."""
    found = []
    for power in range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1):
        found += [step * 10.0 ** power for step in (1, 2, 5) if low <= step * 10.0 ** power <= high]
    return found


def dots(title, axis, rows, series):
    """`rows`: (name, {series' name: value}); the axis is logarithmic."""
    values = [v for _, of in rows for v in of.values()]
    low, high = min(values) / 1.15, max(values) * 1.15
    height = TOP + ROW * len(rows) + 46
    bottom = TOP + ROW * len(rows)

    def across(value):
        return LEFT + (WIDTH - LEFT - RIGHT) * math.log(value / low) / math.log(high / low)

    lines = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" '
             f'font-family="sans-serif" font-size="12" fill="#222">',
             f'<rect width="{WIDTH}" height="{height}" fill="white"/>', text(10, 20, title, weight="bold")]
    for k, (name, _, colour, shape) in enumerate(series):
        x, y = 16 + k % 6 * 134, 40 + k // 6 * 19
        lines += [mark(shape, x, y - 4, colour), text(x + 11, y, name)]
    for tick in ticks(low, high):
        x = across(tick)
        lines += [f'<path d="M{x:.1f} {TOP}V{bottom}" stroke="#ddd"/>', text(x, bottom + 16, f"{tick:g}", "middle")]
    lines.append(text((LEFT + WIDTH - RIGHT) / 2, bottom + 36, axis, "middle"))
    for k, (name, of) in enumerate(rows):
        y = TOP + ROW * (k + 0.5)
        lines += [f'<path d="M{LEFT} {y:.1f}H{WIDTH - RIGHT}" stroke="#eee"/>', text(LEFT - 10, y + 4, name, "end")]
        # The first of the series on top.
        lines += [mark(shape, across(of[s]), y, colour) for s, _, colour, shape in reversed(series) if s in of]
    return "\n".join([*lines, "</svg>", ""])


def times(m, direction, n):
    rows = []
    for f in ELEVEN:
        found = {name: m.fastest(of, f, direction, n)[1] for name, of, *_ in SERIES}
        rows.append((f, {name: t / n for name, t in found.items() if t is not None}))
    used = {name for _, of in rows for name in of}
    return rows, [s for s in SERIES if s[0] in used]


def distances(m):
    """Each kernel of actc beside its two limits."""
    rows = []
    for direction in ("forward", "backward"):
        for f in ("exp", *ELEVEN):
            limit, time = m.limits.get((f, direction, "actc")), m.time(f, direction, "actc")
            if limit is None or time is None:
                continue
            cycle = m.speed[f, direction, "f32", CACHE]["cycle"]
            rows.append((f + ("′" if direction == "backward" else ""), {
                "actc": time / CACHE, "llvm-mca": limit["cycles"] * cycle, "its ports alone": limit["ports"] * cycle,
                "the bytes": m.fastest(COPIES, f, direction)[1] / CACHE}))
    return rows, [("actc", [], "#D55E00", "circle"), ("llvm-mca", [], "#0072B2", "bar"),
                  ("its ports alone", [], "#56B4E9", "bar"), ("the bytes", [], "#009E73", "triangle")]


def save(folder, name, plot):
    with open(os.path.join(folder, name + ".svg"), "w") as file:
        file.write(plot)


def write(folder, measured):
    """A plot is left as it is where there is nothing for it."""
    m = Measured(measured)
    os.makedirs(folder, exist_ok=True)
    for direction in ("forward", "backward", "both"):
        for n, where in ((CACHE, "in the second-level cache"), (MEMORY, "in memory")):
            rows, series = times(m, direction, n)
            if not all(of for _, of in rows):
                continue
            title = {"both": "forward and backward"}.get(direction, direction)
            plot = dots(f"{title}, binary32, {n:,} elements ({where}), one thread",
                        "nanoseconds an element (median; logarithmic)", rows, series)
            save(folder, f"{direction}-{n}", plot)
    rows, series = distances(m)
    if rows:
        save(folder, "limits", dots(f"actc's kernels (gradients: ′) and their limits, binary32, {CACHE:,} elements",
                                    "nanoseconds an element (median; logarithmic)", rows, series))
