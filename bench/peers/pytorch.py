#!/usr/bin/python3
"""PyTorch's activations at the binary32 numbers that `actc verify NAME --inputs IN.npy` writes.

    pytorch.py --list
    pytorch.py --version
    pytorch.py NAME forward|gradient IN.npy OUT.npy

Element k of OUT.npy, which `actc verify NAME --against OUT.npy` judges, is the result at element k
of IN.npy. On Debian, python3-torch and python3-numpy are all that it needs.
"""
import sys

import numpy as np
import torch
import torch.nn.functional as F

# actc's name: PyTorch's function with actc's defaults.
FUNCTIONS = {
    "exp": torch.exp,
    "log": torch.log,
    "log1p": torch.log1p,
    "expm1": torch.expm1,
    "tanh": torch.tanh,
    "sigmoid": torch.sigmoid,
    "erf": torch.erf,
    "erfc": torch.erfc,
    "normcdf": torch.special.ndtr,
    "sin": torch.sin,
    "cos": torch.cos,
    "sinh": torch.sinh,
    "cosh": torch.cosh,
    "softplus": F.softplus,
    "log_sigmoid": F.logsigmoid,
    "elu": F.elu,
    "selu": F.selu,
    "celu": F.celu,
    "gelu": F.gelu,
    "gelu_tanh": lambda x: F.gelu(x, approximate="tanh"),
    "silu": F.silu,
    "mish": F.mish,
    "softsign": F.softsign,
    "tanhshrink": F.tanhshrink,
    "hard_swish": F.hardswish,
    "hard_sigmoid": F.hardsigmoid,
    "leaky_relu": F.leaky_relu,
}


def results(name, what, x):
    x = torch.from_numpy(x)
    parts = []
    for part in x.split(1 << 22):
        part = part.clone().requires_grad_(what == "gradient")
        y = FUNCTIONS[name](part)
        if what == "gradient":
            (y,) = torch.autograd.grad(y, part, torch.ones_like(y))
        parts.append(y.detach())
    return torch.cat(parts).numpy()


def main(arguments):
    if arguments == ["--list"]:
        print("\n".join(FUNCTIONS))
        return 0
    if arguments == ["--version"]:
        print(torch.__version__)
        return 0
    if len(arguments) != 4 or arguments[1] not in ("forward", "gradient"):
        print(__doc__, file=sys.stderr)
        return 2
    name, what, inputs, out = arguments
    if name not in FUNCTIONS:
        print(f"PyTorch has no {name}", file=sys.stderr)
        return 1
    np.save(out, results(name, what, np.load(inputs)))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
