// What the processor does in a cycle, measured.
#pragma once

namespace bench {

// Runs `cycles_of_clock` cycles whatever else the processor can do: a chain of dependent additions.
inline constexpr int cycles_of_clock = 1 << 14;
void run_clock();

// Prints {"kind": "machine", ...}: the clock in GHz and how many fused multiply-additions of 256
// and of 512 bits a cycle takes (0 where there are none).
void print_machine();

// Binds this thread, and those that it starts, to one processor: the last that it may run on.
// Returns which.
int pin_to_one_processor();

}  // namespace bench
