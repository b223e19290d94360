"""The tables of docs/accuracy.md from the JSON that `actc verify` wrote (for scripts/accuracy).

Replaces what stands between the lines `<!-- table: NAME -->` and `<!-- end -->` of the document.
"""

import os

FORMATS = ["f32", "f16", "bf16", "f64"]


def number(value, dtype):
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


def rows(reports, names):
    lines = ["| | f32 | f32 gradient | f16 | f16 gradient | bf16 | bf16 gradient | f64 | f64 gradient |",
             "|---|---|---|---|---|---|---|---|---|"]
    for name in names:
        cells = [cell(reports.get((name, dtype, what)))
                 for dtype in FORMATS for what in ("forward", "gradient")]
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return lines


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


def write(path, reports, stride):
    """`reports`: {(name, dtype, what): report}."""
    math = sorted({n for (n, d, w), r in reports.items() if (d, w) == ("f32", "forward") and r["bound"] == 1})
    others = sorted({n for n, _, _ in reports} - set(math))
    with open(path) as file:
        document = file.read()
    document = replace(document, "summary", [summary(reports) if stride == 1 else
                                             f"Every {stride}th input: " + summary(reports)])
    document = replace(document, "math", rows(reports, math))
    document = replace(document, "activations", rows(reports, others))
    with open(path + ".part", "w") as file:
        file.write(document)
    os.replace(path + ".part", path)
