// Any part of the arrays is a call. What is written is cut between lines of the cache, into parts
// that become smaller, so that all who work end together.
#include "runtime/divided.h"

#include <algorithm>
#include <array>
#include <cstdint>

namespace actc::detail {

void run_divided(const Divided& call, const Executor& executor) {
  constexpr std::size_t line = 64;
  constexpr std::size_t mean_part = std::size_t{16} << 10;  // bytes
  constexpr std::size_t most_parts = 256;
  constexpr std::size_t most_arrays = 4;  // of one input: x, dy, y, dx
  const actc_array& written = call.arrays[call.input_count];
  const auto size = static_cast<std::size_t>(written.column_stride);
  const std::size_t bytes = call.elements * size;
  const std::size_t count = std::clamp<std::size_t>(bytes / mean_part, 1, most_parts);
  // The first line's end; elements that lie across lines are cut anywhere.
  const std::size_t head = (line - reinterpret_cast<std::uintptr_t>(written.data) % line) % line;
  const auto cut = [&](std::size_t k) {
    if (k == 0 || k == count) return k == 0 ? 0 : call.elements;
    const double left = static_cast<double>(count - k) / static_cast<double>(count);
    const auto at = static_cast<std::size_t>(static_cast<double>(bytes) * (1 - left * left));
    return std::min(call.elements, (head + at / line * line) / size);
  };
  executor(count, [&](std::size_t k) {
    const std::size_t begin = cut(k);
    const std::size_t end = cut(k + 1);
    if (begin == end) return;
    std::array<actc_array, most_arrays> parts;
    for (std::size_t a = 0; a < call.arrays.size(); ++a) {
      parts[a] = call.arrays[a];
      parts[a].data = static_cast<char*>(call.arrays[a].data) +
                      static_cast<std::int64_t>(begin) * call.arrays[a].column_stride;
    }
    actc_call part_call{};
    part_call.rows = 1;
    part_call.columns = end - begin;
    part_call.inputs = parts.data();
    part_call.outputs = parts.data() + call.input_count;
    part_call.parameters = call.parameters;
    part_call.elements = call.elements;
    call.code(&part_call);
  });
}

}  // namespace actc::detail
