// What is measured, as lines of JSON on standard output, one a measurement, for scripts/bench.
// Times are in nanoseconds a call, [minimum, lower quartile, median, upper quartile] over the
// rounds.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "bench/contenders.h"

namespace bench {

// Forward and backward of one set of functions at some sizes, all contenders in turns.
struct Speeds {
  std::span<const char* const> functions;
  std::vector<Type> types;
  std::vector<std::size_t> sizes;
  std::vector<Direction> directions;
};

std::span<const char* const> activations();             // the eleven
std::span<const char* const> activations_and_others();  // exp and the faster forms, too
std::span<const char* const> mathematical_functions();

struct Effort {
  int rounds = 60;   // a half at 1 Mi, a fourth in memory
  std::string only;  // the functions whose names begin so
};

// For types other than binary32 with actc's kernel in that among them, as "actc, f32".
// {"kind": "speed", "function", "direction", "type", "n", "cycle": nanoseconds, "times": {name:
// []}}
void print_speeds(const Speeds& speeds, const Effort& effort, std::span<const Contender> all);

// {"kind": "call", "function", "times": {actc, hand-written: []}}: a call at n = 8.
void print_calls(const Effort& effort);

// {"kind": "code", "function", "forward", "backward", "both"}: bytes of actc's code.
void print_code_bytes(const Effort& effort);

// {"kind": "prepare", "function", "times": {name: [first, again]}}: what it takes until the forward
// pass can be called, the first time and the median of five more.
void print_preparations(const Effort& effort, std::span<const Contender> all);

// {"kind": "threads", "function": "gelu", "n", "times": {one, two: []}, "idle": milliseconds}:
// back- to-back calls on this thread and on two, in time of the wall; and the processor's time that
// the pool uses in a second without calls. For a process that is not bound to one processor.
void print_threads(const Effort& effort);

}  // namespace bench
