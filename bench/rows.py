#!/usr/bin/python3
"""What is over rows, gated or learned: actc beside PyTorch and memcpy, a line of JSON a case.

  bench/rows.py [BUILD] [--rounds=N]       BUILD: a build folder with bench/actc_rows; build

    {"kind": "rows", "case", "rows", "columns", "beside", "actc": [], "other": []}

The two take turns on one processor, each in a process of its own. Times are in nanoseconds a call:
[minimum, lower quartile, median, upper quartile] over the rounds, of the processor's time. PyTorch writes into arrays that are there already (its operators' `out` forms), as actc does, but for
layer_norm, which has none. Without python3-torch (Debian's) its cases are left out.
"""
import argparse
import json
import os
import statistics
import subprocess
import time

try:
    import torch
    aten = torch.ops.aten
except ImportError:
    torch = None

ENOUGH = 30e-6  # seconds a sample, as in turns.cpp


def arrays(count, rows, columns):
    torch.manual_seed(1)
    return [torch.randn(rows, columns) for _ in range(count)]


def softmax(rows, columns, dim=-1):
    x, y = arrays(2, rows, columns)
    return lambda: aten._softmax.out(x, dim, False, out=y)


def softmax_backward(rows, columns, dim=-1):
    x, dy, dx = arrays(3, rows, columns)
    y = torch.softmax(x, dim)
    return lambda: aten._softmax_backward_data.out(dy, y, dim, x.dtype, grad_input=dx)


def log_softmax(rows, columns):
    x, y = arrays(2, rows, columns)
    return lambda: aten._log_softmax.out(x, -1, False, out=y)


def log_softmax_backward(rows, columns):
    x, dy, dx = arrays(3, rows, columns)
    y = torch.log_softmax(x, -1)
    return lambda: aten._log_softmax_backward_data.out(dy, y, -1, x.dtype, out=dx)


def layer_norm(rows, columns):
    (x,) = arrays(1, rows, columns)
    gain, bias = torch.randn(columns), torch.randn(columns)
    return lambda: torch.native_layer_norm(x, [columns], gain, bias, 1e-5)


def layer_norm_backward(rows, columns):
    x, dy = arrays(2, rows, columns)
    gain, bias = torch.randn(columns), torch.randn(columns)
    _, mean, rstd = torch.native_layer_norm(x, [columns], gain, bias, 1e-5)
    return lambda: aten.native_layer_norm_backward(dy, x, [columns], mean, rstd, gain, bias,
                                                   [True, True, True])


class Actc:
    """A process that measures a case at a time."""

    def __init__(self, build):
        self.process = subprocess.Popen([os.path.join(build, "bench/actc_rows")], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True)

    def nanoseconds(self, case, rows, columns):
        self.process.stdin.write(f"{case} {rows} {columns}\n")
        self.process.stdin.flush()
        return float(self.process.stdout.readline())


def nanoseconds(run):
    def time_of(calls):
        start = time.process_time()
        for _ in range(calls):
            run()
        return (time.process_time() - start) / calls

    once = min(time_of(1), time_of(1))
    run()
    return 1e9 * time_of(max(1, min(10000, int(ENOUGH / once))))


# actc's case, the shape, and what it is measured beside: of PyTorch, or a case of actc_rows.
SIZES = [(64, 1024), (1024, 1024), (16384, 1024)]
ROWS = [(8192, 128), (2048, 512), (512, 2048), (128, 8192), (32, 32768)]  # 1 Mi elements, as 1,024 × 1,024
CASES = [(case, size, peer) for case, peer in [
    ("softmax-forward", softmax), ("softmax-backward-y", softmax_backward)] for size in ROWS
] + [(case, size, peer) for case, peer in [
    ("softmax-forward", softmax), ("softmax-backward-y", softmax_backward),
    ("softmax-backward-x", softmax_backward),
    ("log_softmax-forward", log_softmax), ("log_softmax-backward-x", log_softmax_backward),
    ("layer_norm-forward", layer_norm), ("layer_norm-backward-x", layer_norm_backward),
] for size in SIZES] + [
    (case, (1024, columns), lambda r, c, peer=peer: peer(r, c, 0)) for case, peer in [
        ("softmax-axis-forward", softmax), ("softmax-axis-backward-y", softmax_backward)]
    for columns in (64, 1024)
] + [
    ("rms_norm-forward", (16384, 1024), "copy-1"),
    ("swiglu-forward", (16384, 1024), "copy-1.5"),
    ("softmax-forward", (16384, 1024), "copy-1"),
    ("softmax-backward-y", (16384, 1024), "copy-1.5"),
    ("prelu-backward-learned", (16384, 1024), "prelu-backward"),
]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build", nargs="?", default="build", metavar="BUILD")
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--only", default="", help="the cases whose names begin so")
    options = parser.parse_args()
    os.sched_setaffinity(0, [max(os.sched_getaffinity(0))])  # of the processes that it starts, too
    if torch:
        torch.set_num_threads(1)

    for case, size, peer in CASES:
        if not case.startswith(options.only) or not (torch or isinstance(peer, str)):
            continue
        actc, other = Actc(options.build), Actc(options.build)
        run = None if isinstance(peer, str) else peer(*size)
        pairs = [(actc.nanoseconds(case, *size),
                  nanoseconds(run) if run else other.nanoseconds(peer, *size))
                 for _ in range(options.rounds + 1)][1:]
        own, beside = ([min(times), *statistics.quantiles(times, n=4)] for times in zip(*pairs))
        print(json.dumps({"kind": "rows", "case": case, "rows": size[0], "columns": size[1],
                          "beside": "PyTorch" if run else peer, "actc": own, "other": beside}), flush=True)


main()
