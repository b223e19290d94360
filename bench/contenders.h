// Who is measured against whom.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "bench/data.h"
#include "runtime/actc.h"

namespace bench {

using Run = std::function<void()>;

struct Contender {
  std::string name;
  // A call for the job, valid as long as the job's arrays; empty where it is not offered. It has
  // run once: the arrays hold its results.
  std::function<Run(const Job&)> offer;
};

inline constexpr const char* actc_name = "actc";
inline constexpr const char* hand_written_name = "hand-written";

// actc's kernel of a built-in as its contender has it.
actc::BoundKernel<float> forward_kernel(const char* function);
// The assembly of such a kernel. Throws actc::Error where there is no such function.
std::string assembly(const char* function, Direction direction, Type type, bool avx2_only);
// The bytes of its code for this processor, in binary32.
std::size_t code_bytes(const char* function, Direction direction);

// actc for this processor, held to AVX2, and from y; the hand-written kernels, and those that are
// as accurate as actc where there are such; copies of as many bytes; and the peers whose modules
// lie in the folder peers/ beside the program. Modules stay open until the process ends.
std::vector<Contender> all_contenders();

}  // namespace bench
