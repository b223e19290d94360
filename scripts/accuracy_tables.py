"""The tables of docs/accuracy.md from the JSON that `actc verify` wrote (for scripts/accuracy).

Replaces what stands between the lines `<!-- table: NAME -->` and `<!-- end -->` of the document.
"""

import os

FORMATS = ["f32", "f16", "bf16", "f64"]


def number(value, dtype):
    """Of two inputs a pair."""
    if isinstance(value, list):
        return f"({', '.join(number(v, dtype) for v in value)})"
    return f"{value:.{ {'f64': 17, 'f32': 9}.get(dtype, 5)}g}"


def cell(report):
    """The largest error and where; what the limits of sense excuse is said beside it."""
    if report is None:
        return "–"
    text = "–"
    if report["plain"]:
        text = f"{report['max_ulp']:.2f} at {number(report['at'], report['dtype'])}"
    if report["worst_is_tail"]:
        tail = report["tail"]
        text += f"; tail {tail['ulp']:.2f} (κ {tail['kappa']:.0f})"
    if report["near_zero"]:
        text += f"; zero {report['near_zero']['ulp']:.2f}"
    problems = []
    if report["mismatches"]:
        problems.append(f"{report['mismatches']} mismatches")
    if report["over"]["count"]:
        problems.append(f"{report['over']['count']} over")
    if report["undecided"]:
        problems.append(f"{report['undecided']} undecided")
    return f"**{text} ({', '.join(problems)})**" if problems else text


def gradients(reports, name, dtype):
    """In one cell, of two inputs too."""
    found = {w.removeprefix("gradient").strip(): cell(r) for (n, d, w), r in reports.items()
             if (n, d) == (name, dtype) and w.startswith("gradient")}
    return "; ".join(f"{by}: {text}" if by else text for by, text in found.items()) or cell(None)


def rows(reports, names, times=None):
    """`times`: a last cell for each name."""
    heads = [f"{dtype}{suffix}" for dtype in FORMATS for suffix in ("", " gradient")]
    if times is not None:
        heads.append("time, f32")
    lines = ["| | " + " | ".join(heads) + " |", "|---" * (len(heads) + 1) + "|"]
    for name in names:
        cells = [text for dtype in FORMATS
                 for text in (cell(reports.get((name, dtype, "forward"))), gradients(reports, name, dtype))]
        if times is not None:
            cells.append(times.get(name, "–"))
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return lines


def measured_times(path):
    """Of the mathematical functions, from the table of docs/performance.md."""
    times = {}
    with open(path) as file:
        table = file.read().partition("<!-- table: math -->")[2].partition("<!-- end -->")[0]
    for line in table.splitlines():
        cells = [c.strip() for c in line.strip("| ").split("|")]
        if len(cells) == 7 and cells[1][:1].isdigit():
            times[cells[0]] = f"{cells[1]} ns" + (f", {cells[3]} of SLEEF's" if cells[3] != "–" else "")
    return times


def summary(reports):
    kept = sum(1 for r in reports.values() if r["bound"] and r["ok"])
    bound = sum(1 for r in reports.values() if r["bound"])
    inputs = sum(r["inputs"] for r in reports.values())
    judged = sum(r["judged_by_mpfr"] for r in reports.values())
    undecided = sum(r["undecided"] for r in reports.values())
    screens = [r["screen_ulp"] for r in reports.values() if r["screen_ulp"] is not None]
    return (f"{len(reports)} sweeps, {bound} with a contract, {kept} within it; {inputs:.4g} results, {judged:.4g} of "
            f"them judged by MPFR; {undecided} undecided; the screen wrong by at most "
            f"{max(screens, default=0):.1g} ULP where it was used.")


def replace(document, name, lines):
    begin, end = f"<!-- table: {name} -->", "<!-- end -->"
    start = document.index(begin) + len(begin)
    stop = document.index(end, start)
    return document[:start] + "\n" + "\n".join(lines) + "\n" + document[stop:]


def worst(report):
    """The largest error in one cell: κ/2 taken off where that decides, absolute near a zero."""
    if report is None:
        return "–"
    found = []
    if report["plain"]:
        found.append((report["plain"]["ulp"], report["plain"], ""))
    if report["tail"]:
        found.append((report["tail_less_half_kappa"], report["tail"], f" (κ {report['tail']['kappa']:.3g})"))
    if report["near_zero"]:
        found.append((report["near_zero"]["ulp"], report["near_zero"], " (near a zero)"))
    _, largest, note = max(found, key=lambda f: f[0], default=(0, None, ""))
    if largest is None:
        return "–"
    ulp = f"{largest['ulp']:.2f}" if largest["ulp"] < 1000 else f"{largest['ulp']:.2g}"
    text = f"{ulp} at {number(largest['at'], report['dtype'])}{note}"
    for key, what in (("nan_or_infinity_mismatches", "wrong NaN or ∞"), ("nan_lost", "NaN lost"),
                      ("zero_signs", "wrong sign of 0")):
        if report[key]["count"]:
            text += f"; {report[key]['count']} {what}"
    if report["undecided"]:
        text += f"; {report['undecided']} undecided"
    # The zeros and infinities are in no class of errors.
    if report["over"]["count"] and max(f[0] for f in found) <= report["bound"]:
        first = report["over"]["first"]
        text += f"; over at {'an infinity' if first is None else number(first, report['dtype'])}"
    return text


def beside(reports):
    """Rows of those functions that a peer has; `reports`: {(name, who, what): report}."""
    who = ["actc", "PyTorch", "oneDNN"]
    heads = [w + suffix for suffix in ("", " gradient") for w in who]
    lines = ["| | " + " | ".join(heads) + " |", "|---" * (len(heads) + 1) + "|"]
    for name in sorted({n for n, w, _ in reports if w != "actc"}):
        cells = [worst(reports.get((name, w, what))) for what in ("forward", "gradient") for w in who]
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return lines


def typed(formulas):
    """`formulas`: (row of formulas.csv, reports, reports without the rules)."""
    lines = ["| | value | gradient | value without the rules | gradient without the rules |", "|---|---|---|---|---|"]
    for row, reports, plain in formulas:
        cells = []
        for r in reports:
            text = f"{worst(r)}; bound {r['bound']:g}"
            cells.append(text if r["ok"] else f"**{text}**")
        cells += ["as good" if r["ok"] else "fails: " + worst(r) for r in plain]
        cells += ["–"] * (4 - len(cells))
        lines.append(f"| `{row['formula']}` | " + " | ".join(cells) + " |")
    return lines


def write(path, stride, quick, reports, peers, formulas, over_rows):
    """A table is left as it is where there is nothing for it. `reports`: {(name, dtype, what): report}; `over_rows`:
    the lines of that table."""
    with open(path) as file:
        document = file.read()
    look = "" if stride == 1 else f"Every {stride}th input: "
    if reports:
        math = sorted({n for (n, d, w), r in reports.items() if (d, w) == ("f32", "forward") and r["bound"] == 1})
        others = sorted({n for n, _, _ in reports} - set(math))
        document = replace(document, "summary", [look + summary(reports)])
        times = measured_times(os.path.join(os.path.dirname(path), "performance.md"))
        document = replace(document, "math", rows(reports, math, times))
        document = replace(document, "activations", rows(reports, others))
    if peers:
        document = replace(document, "peers", beside(peers))
    if any(found for _, found, _ in formulas):
        swept = "Every input" if stride == 1 else f"Every {stride}th input"
        if stride != quick:
            swept += f"; without the rules every {quick}th"
        document = replace(document, "formulas", [swept + ".", "", *typed(formulas)])
    if over_rows:
        document = replace(document, "rows", over_rows)
    with open(path + ".part", "w") as file:
        file.write(document)
    os.replace(path + ".part", path)
