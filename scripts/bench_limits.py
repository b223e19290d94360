"""What llvm-mca says of the main loops of kernels (for scripts/bench).

The main loop is the innermost one with the most vector instructions, of those that store through
the cache where there are such. An element's cycles: those of the simulation (latencies that the
scheduler cannot hide included), and those that the ports alone would take.
"""

import json
import re
import subprocess

MCA = "llvm-mca-22"
LLC = "llc-22"
OBJDUMP = "objdump"
TOOLS = [MCA, LLC, OBJDUMP]
WIDTHS = {"z": 64, "y": 32, "x": 16}


def processor(machine):
    """LLVM's name for it. Models of processors whose vector units may be 256 or 512 bits wide assume
    512: where 512-bit operations were measured to take two passes, Zen 4's model is the one to ask."""
    text = subprocess.run([LLC, "--version"], capture_output=True, text=True).stdout
    name = re.search(r"Host CPU: (\S+)", text)[1]
    if name == "znver5" and machine["fma_512"] < 1.5:
        name = "znver4"
    return name


def is_label(line):
    return re.match(r"^\S+:", line) is not None


def target_of(line):
    jump = re.match(r"\s+j[a-z]+\s+(\S+)", line)
    return jump and jump[1]


def loops(lines):
    """The bodies of innermost loops: from a label to the last jump back to it."""
    at = {line.split(":")[0]: k for k, line in enumerate(lines) if is_label(line)}
    spans = {}
    for k, line in enumerate(lines):
        start = at.get(target_of(line))
        if start is not None and start < k:
            spans[start] = max(k, spans.get(start, 0))
    return [lines[a:b + 1] for a, b in spans.items()
            if not any(a < c and d <= b for c, d in spans.items() if (c, d) != (a, b))]


def vector_instructions(body):
    return sum(1 for line in body if re.search(r"%[yz]mm", line))


def stored_bytes(body):
    """To arrays: what goes to the stack is spilled."""
    total = 0
    for line in body:
        store = re.match(r"\s+vmov\S+\s+%([xyz])mm\d+,\s*-?\w*\((?!%rsp|%rbp)", line)
        if store:
            total += WIDTHS[store[1]]
    return total


def main_loop(lines):
    found = [body for body in loops(lines) if stored_bytes(body)]
    cached = [body for body in found if not any("vmovnt" in line for line in body)]
    return max(cached or found, key=vector_instructions, default=None)


def cycles(body, cpu, size):
    """Of an element of so many bytes: of the simulation, and of the ports alone."""
    code = [re.sub(r"^(\s+j[a-z]+\s+)\S+", r"\1.Lout", line).split("#")[0] for line in body if not is_label(line)]
    run = subprocess.run([MCA, f"-mcpu={cpu}", "-mtriple=x86_64", "-iterations=300", "-json"],
                         input="\n".join(code) + "\n", capture_output=True, text=True, check=True)
    summary = json.loads(run.stdout)["CodeRegions"][0]["SummaryView"]
    elements = stored_bytes(body) / size
    return summary["TotalCycles"] / summary["Iterations"] / elements, summary["BlockRThroughput"] / elements


def functions(text, head):
    """{name: lines}: a function begins where `head` matches."""
    found, lines = {}, None
    for line in text.splitlines():
        begin = re.match(head, line)
        if begin:
            lines = found.setdefault(begin[1], [])
        elif lines is not None:
            lines.append(line)
    return found


def of_actc(bench, function, direction, options=""):
    text = subprocess.run([bench, f"--assembly={function}/{direction}{options}"], capture_output=True, text=True,
                          check=True).stdout
    return next(iter(functions(text, r"^(actc_kernel\w*):").values()))


def hand_written(library):
    """{(function's type, direction): lines}, addresses made labels."""
    text = subprocess.run([OBJDUMP, "-dC", "--no-show-raw-insn", library], capture_output=True, text=True,
                          check=True).stdout
    result = {}
    for name, lines in functions(text, r"^[0-9a-f]+ <(.*)>:$").items():
        kernel = re.match(r"void bench::map_(forward|backward)<bench::(\w+)", name)
        if not kernel:
            continue
        labelled = []
        for line in lines:
            parts = re.match(r"\s+([0-9a-f]+):\s+(.*)", line)
            if not parts:
                continue
            code = re.sub(r"\s*<.*>$", "", parts[2])
            code = re.sub(r"^(j[a-z]+\s+)([0-9a-f]+)$", r"\1a\2", code)
            labelled += [f"a{parts[1]}:", "\t" + code]
        result[kernel[2], kernel[1]] = labelled
    return result


def type_name(function):
    """As the hand-written kernels name their types."""
    return "".join(word.capitalize() for word in function.split("_"))


def measure(bench, library, names, machine):
    """[{function, direction, who, type, cycles, ports}]; what has no vector loop is left out."""
    cpu = processor(machine)
    by_hand = hand_written(library)
    result = []
    for name in names:
        for direction in ("forward", "backward"):
            for who, options in (("actc", ""), ("actc, AVX2", "/avx2")):
                add(result, name, direction, who, of_actc(bench, name, direction, options), cpu)
            add(result, name, direction, "actc", of_actc(bench, name, direction, "/bf16"), cpu, "bf16")
            for who, suffix in (("hand-written", ""), ("hand-written, accurate", "_accurate")):
                add(result, name, direction, who, by_hand.get((type_name(name + suffix), direction), []), cpu)
    return {"cpu": cpu, "loops": result}


def add(result, name, direction, who, lines, cpu, dtype="f32"):
    body = main_loop(lines)
    if body is not None:
        simulated, ports = cycles(body, cpu, 4 if dtype == "f32" else 2)
        result.append({"function": name, "direction": direction, "who": who, "type": dtype, "cycles": simulated,
                       "ports": ports})
