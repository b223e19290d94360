// Arrays between guard pages, kernels run on them, and graphs that take any format as input and
// show any format as output.
#pragma once

#include <sys/mman.h>
#include <unistd.h>

#include <bit>
#include <cstdint>
#include <cstring>
#include <limits>
#include <random>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include "ir/graph.h"
#include "ir/interpret.h"
#include "jit/engine.h"

namespace actc::test {

using ir::Bits;
using ir::Format;
using ir::Graph;
using ir::NodeId;
using ir::Operation;

inline std::size_t size_of(Format format) {
  return format == Format::binary32 || format == Format::int32 ? 4 : 8;
}

// `bytes` bytes that end (or begin) at a page that may not be touched. Any access past that end is
// a crash of the test.
class GuardedBytes {
 public:
  enum class Flush { begin, end };

  GuardedBytes(std::size_t bytes, Flush flush) : bytes_(bytes) {
    const auto page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
    const std::size_t inner = (bytes + page - 1) / page * page;
    mapped_ = inner + 2 * page;
    void* all = mmap(nullptr, mapped_, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (all == MAP_FAILED) throw std::runtime_error("mmap");
    base_ = static_cast<std::byte*>(all);
    if (inner != 0 && mprotect(base_ + page, inner, PROT_READ | PROT_WRITE) != 0) {
      throw std::runtime_error("mprotect");
    }
    data_ = flush == Flush::begin ? base_ + page : base_ + page + inner - bytes;
  }
  ~GuardedBytes() { munmap(base_, mapped_); }
  GuardedBytes(const GuardedBytes&) = delete;
  GuardedBytes& operator=(const GuardedBytes&) = delete;

  std::byte* data() const { return data_; }
  std::size_t size() const { return bytes_; }

 private:
  std::size_t bytes_;
  std::size_t mapped_ = 0;
  std::byte* base_ = nullptr;
  std::byte* data_ = nullptr;
};

inline void put(std::byte* to, Format format, Bits bits) {
  std::memcpy(to, &bits, size_of(format));  // little-endian
}
inline Bits get(const std::byte* from, Format format) {
  Bits bits = 0;
  std::memcpy(&bits, from, size_of(format));
  return bits;
}

// A graph of one kernel over elements of `format`, its outputs all stored.
inline jit::ModuleSpec module_of(const Graph& graph, Format format, jit::Target target = {},
                                 std::size_t input_count = 0) {
  jit::ModuleSpec spec;
  spec.graph = &graph;
  spec.format = format;
  spec.target = target;
  jit::KernelSpec kernel;
  for (std::size_t k = 0; k < graph.outputs.size(); ++k) kernel.outputs.push_back(k);
  kernel.input_count = input_count;
  spec.kernels.push_back(kernel);
  return spec;
}

// Runs a kernel on one row. inputs[k][i] are bits; so is the result.
inline std::vector<std::vector<Bits>> run(actc_kernel kernel, Format format,
                                          const std::vector<std::vector<Bits>>& inputs,
                                          std::size_t output_count,
                                          std::span<const Bits> parameters = {}) {
  const std::size_t n = inputs.at(0).size();
  const auto size = static_cast<std::int64_t>(size_of(format));
  std::vector<std::vector<std::byte>> memory;
  const auto array = [&](std::size_t k) {
    return actc_array{memory[k].data(), size * static_cast<std::int64_t>(n), size};
  };
  for (std::size_t k = 0; k < inputs.size() + output_count; ++k) {
    memory.emplace_back(n * size_of(format) + 1);
  }
  std::vector<actc_array> in;
  std::vector<actc_array> out;
  for (std::size_t k = 0; k < inputs.size(); ++k) {
    for (std::size_t i = 0; i < n; ++i) {
      put(memory[k].data() + i * size_of(format), format, inputs[k][i]);
    }
    in.push_back(array(k));
  }
  for (std::size_t k = 0; k < output_count; ++k) out.push_back(array(inputs.size() + k));
  std::vector<std::byte> values(parameters.size() * size_of(format) + 1);
  for (std::size_t k = 0; k < parameters.size(); ++k) {
    put(values.data() + k * size_of(format), format, parameters[k]);
  }
  const actc_call call{1, n, in.data(), out.data(), values.data(), 0, 0, 0, 0, n};
  if (kernel(&call) != ACTC_OK) throw std::runtime_error("kernel refused");
  std::vector<std::vector<Bits>> results(output_count);
  for (std::size_t k = 0; k < output_count; ++k) {
    for (std::size_t i = 0; i < n; ++i) {
      results[k].push_back(get(memory[inputs.size() + k].data() + i * size_of(format), format));
    }
  }
  return results;
}

// Any format from the kernel's elements: `position` is the next input to use, and is advanced.
inline NodeId take(Graph& g, Format kernel, Format wanted, std::uint32_t& position) {
  const NodeId first = g.input(position++, kernel);
  const Format whole = ir::integer_of(kernel);
  const NodeId bits = g.node(Operation::Bits, whole, {first});
  switch (wanted) {
    case Format::boolean: {
      const NodeId low = g.node(Operation::BitAnd, whole, {bits, g.constant(1, whole)});
      return g.node(Operation::NotEqual, Format::boolean, {low, g.constant(0, whole)});
    }
    case Format::int32:
      return whole == Format::int32 ? bits : g.node(Operation::ToInt32, Format::int32, {bits});
    case Format::int64: {
      if (whole == Format::int64) return bits;
      const NodeId high = g.node(Operation::ToInt64, Format::int64, {bits});
      const NodeId other = g.node(Operation::ToInt64, Format::int64,
                                  {g.node(Operation::Bits, whole, {g.input(position++, kernel)})});
      const NodeId low = g.node(Operation::BitAnd, Format::int64,
                                {other, g.constant(0xffffffffLL, Format::int64)});
      const NodeId shifted =
          g.node(Operation::ShiftLeft, Format::int64, {high, g.constant(32, Format::int64)});
      return g.node(Operation::BitOr, Format::int64, {shifted, low});
    }
    case Format::binary32:
    case Format::binary64:
      if (wanted == kernel) return first;
      --position;
      return g.node(Operation::FromBits, wanted,
                    {take(g, kernel, ir::integer_of(wanted), position)});
    case Format::real:
      break;
  }
  throw std::logic_error("not an element format");
}

// Adds the outputs that show a node's value whole, in elements of the kernel's format.
inline void show(Graph& g, Format kernel, NodeId value) {
  const Format format = g[value].format;
  const Format whole = ir::integer_of(kernel);
  const auto store = [&](NodeId integer) {
    g.outputs.push_back(g.node(Operation::FromBits, kernel, {integer}));
  };
  switch (format) {
    case Format::boolean:
      g.outputs.push_back(
          g.node(Operation::Where, kernel, {value, g.constant(1, kernel), g.constant(0, kernel)}));
      return;
    case Format::int32:
      return store(whole == Format::int32 ? value
                                          : g.node(Operation::ToInt64, Format::int64, {value}));
    case Format::int64:
      if (whole == Format::int64) return store(value);
      store(g.node(Operation::ToInt32, Format::int32, {value}));
      return store(
          g.node(Operation::ToInt32, Format::int32,
                 {g.node(Operation::ShiftRight, format, {value, g.constant(32, Format::int64)})}));
    case Format::binary32:
    case Format::binary64:
      if (format == kernel) {
        g.outputs.push_back(value);
        return;
      }
      return show(g, kernel, g.node(Operation::Bits, ir::integer_of(format), {value}));
    case Format::real:
      break;
  }
  throw std::logic_error("not an element format");
}

// One NaN for all: which NaN an operation makes is not laid down.
inline NodeId canonical(Graph& g, NodeId value) {
  const Format format = g[value].format;
  if (!ir::is_float(format)) return value;
  return g.node(Operation::Where, format,
                {g.node(Operation::IsNan, Format::boolean, {value}),
                 g.node(Operation::NotANumber, format, {}), value});
}

template <class F>
std::vector<F> special_floats() {
  using L = std::numeric_limits<F>;
  const F integer_limit = std::ldexp(F(1), sizeof(F) == 4 ? 31 : 63);
  const F exact_limit = std::ldexp(F(1), L::digits - 1);
  std::vector<F> values = {0,
                           1,
                           F(0.5),
                           F(1.5),
                           F(2.5),
                           3,
                           F(0.1),
                           10,
                           100,
                           1000,
                           L::denorm_min(),
                           L::min(),
                           std::nextafter(L::min(), F(0)),
                           L::max(),
                           std::nextafter(L::max(), F(0)),
                           L::infinity(),
                           L::quiet_NaN(),
                           L::epsilon(),
                           1 + L::epsilon(),
                           1 - L::epsilon() / 2,
                           exact_limit,
                           exact_limit - F(0.5),
                           exact_limit / 2 + F(0.5),
                           integer_limit,
                           std::nextafter(integer_limit, F(0)),
                           std::sqrt(L::max()),
                           std::sqrt(L::min()),
                           F(1e10)};
  const std::size_t positive = values.size();
  for (std::size_t i = 0; i < positive; ++i) values.push_back(-values[i]);
  return values;
}

// Bits of interesting values of a format: all the specials, then random ones.
inline std::vector<Bits> interesting(Format format, std::size_t random_count, std::uint64_t seed) {
  std::vector<Bits> bits;
  const std::uint64_t mask = size_of(format) == 4 ? 0xffffffffULL : ~0ULL;
  if (format == Format::binary32) {
    for (const float f : special_floats<float>()) bits.push_back(ir::to_bits(f));
    bits.push_back(0x7fa00001);  // a signalling NaN with a payload
  } else if (format == Format::binary64) {
    for (const double f : special_floats<double>()) bits.push_back(ir::to_bits(f));
    bits.push_back(0x7ff4000000000001);
  } else {
    const unsigned width = size_of(format) == 4 ? 32 : 64;
    for (unsigned k = 0; k < width; ++k) {
      bits.push_back((1ULL << k) & mask);
      bits.push_back((0ULL - (1ULL << k)) & mask);
      bits.push_back(((1ULL << k) - 1) & mask);
    }
  }
  std::mt19937_64 random(seed);
  for (std::size_t i = 0; i < random_count; ++i) bits.push_back(random() & mask);
  return bits;
}

}  // namespace actc::test
