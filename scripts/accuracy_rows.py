"""The table of docs/accuracy.md for what is over a row (for scripts/accuracy)."""

FORMATS = ["f32", "f64"]

# What judges rows, and what of the kernels' order of operations is not in the lowered graph.
JUDGE = ["tools/*_rows*", "tools/oracle.*", "tools/oracle_number.*", "tools/verify_kernel.*", "tools/mpfr.h",
         "ir/evaluate.h"]
ORDER = ["jit/reduction.*", "jit/schedule.*", "jit/codegen_loop.*"]


def cell(reports):
    """The largest of these reports: of a value, or of the gradients of all inputs."""
    found = [r for r in reports if r["ulp_of_terms"]]
    if not found:
        return "–"
    of_row = max(found, key=lambda r: r["of_row"]["error"])
    terms = max(found, key=lambda r: r["ulp_of_terms"]["error"])
    at = terms["ulp_of_terms"]
    text = f"{at['error']:.2f}"
    if at["error"] > 0:
        by = terms["what"].partition(" by ")[2]
        text += f" ({by + ', ' if by else ''}{at['kind']}, column {at['column']} of {at['columns']} in row {at['row']})"
    text += f"; {of_row['of_row']['error']:.1e}"
    problems = [f"{sum(r[key]['count'] for r in found)} {what}"
                for key, what in (("over", "over"), ("nan_or_infinity_mismatches", "wrong NaN or ∞"))
                if any(r[key]["count"] for r in found)]
    problems += [f"{n} undecided" for n in [sum(r["undecided"] for r in found)] if n]
    return f"**{text} ({', '.join(problems)})**" if problems else text


def table(reports):
    """`reports`: {(name, dtype): all of that definition and format}."""
    heads = [f"{dtype}{suffix}" for dtype in FORMATS for suffix in ("", " gradient")]
    lines = ["| | " + " | ".join(heads) + " |", "|---" * (len(heads) + 1) + "|"]
    for name in sorted({n for n, _ in reports}):
        cells = []
        for dtype in FORMATS:
            own = reports.get((name, dtype), [])
            cells.append(cell([r for r in own if r["what"] == "forward"]))
            cells.append(cell([r for r in own if r["what"] != "forward"]))
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    every = [r for own in reports.values() for r in own]
    return [f"{sum(r['values'] for r in every):,} results in {sum(r['rows'] for r in every):,} rows; "
            f"{sum(1 for r in every if not r['ok'])} reports of {len(every)} beyond their bounds.", "", *lines]
