// LLVM's ORC JIT: a lowered graph in, a callable kernel out. No LLVM type leaves this room.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ir/graph.h"
#include "jit/kernel_abi.h"

namespace actc::jit {

// Instruction sets that a caller may hold a kernel to, for comparison and for testing. `fma` is the
// least on x86-64: FMA3 and AVX, with neither AVX2 nor F16C.
enum class Isa : std::uint8_t { host, avx2, fma };

struct Target {
  Isa isa = Isa::host;
  bool optimize = true;

  friend auto operator<=>(const Target&, const Target&) = default;
};

// How the elements of an array lie in memory. The 16-bit formats are computed in binary32. Bits are
// 0 or 1 (what is not 0), eight in a byte, the first the lowest; a row begins with a byte, and what
// is left of its last is 0.
enum class Storage : std::uint8_t { binary16, bfloat16, binary32, binary64, bit };

// What a kernel writes of an output. The totals are of outputs that are sums over rows.
enum class Stored : std::uint8_t {
  elements,
  row_values,
  total,         // of all elements: two doubles, the sum and what rounding it lost
  row_totals,    // the same for each row by itself
  column_totals  // added to a double a column; of binary64 what rounding loses is added to another,
                 // row_stride bytes behind
};

// One kernel: which of the graph's outputs it stores, in order. A parameter is read from the call,
// or is the fixed value (already in the format that is computed in).
struct KernelSpec {
  std::vector<std::size_t> outputs;
  std::size_t input_count = 0;  // arrays in actc_call::inputs
  // An array's elements: of each input (dy is the last of a backward kernel) and each output;
  // empty: all as they are computed. Each array is free to differ, but binary64 stays by itself.
  std::vector<Storage> input_storage = {};
  std::vector<Storage> output_storage = {};
  std::vector<Stored> stored = {};  // of each output; empty: elements
};

// What the lanes of a vector are: elements of a row, which lie side by side; or the elements of one
// column in so many rows, where those lie side by side, as rows along an outer axis do. The latter
// of graphs over rows, without bits.
enum class LanesAre : std::uint8_t { columns, rows };

struct ModuleSpec {
  const ir::Graph* graph = nullptr;  // lowered
  ir::Format format = ir::Format::binary32;
  std::vector<KernelSpec> kernels;
  std::map<std::uint32_t, double> fixed_parameters;  // by position
  Target target = {};
  LanesAre lanes = LanesAre::columns;
};

// Compiled code in memory. The code lives as long as this; destroying it gives the memory back.
// Copying shares. Thread-safe.
class CompiledModule {
 public:
  CompiledModule() = default;
  actc_kernel kernel(std::size_t k) const;  // in the order of ModuleSpec::kernels
  std::size_t code_bytes() const;

 private:
  friend class Engine;
  struct State;
  std::shared_ptr<const State> state_;
};

// Why a module could not be compiled: an invariant broken or the host unsupported; never the
// user's text.
struct CompileFailure {
  std::string message;
};

// A relocatable object, and what making it took: writing LLVM's IR, and LLVM's own work.
struct Object {
  std::string bytes;
  std::chrono::nanoseconds writing{};
  std::chrono::nanoseconds llvm{};
};

class Engine {
 public:
  // Initializes LLVM for the host. Throws CompileFailure where the processor lacks fused
  // multiply-add.
  Engine();
  ~Engine();
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  // Thread-safe: any number of threads compile at once. Throws CompileFailure.
  CompiledModule compile(const ModuleSpec& spec);

  // The same in two steps: to a relocatable object, and from one, made by any process for this
  // processor, with so many kernels. Loading throws CompileFailure where the object is none, lacks
  // a kernel, or refers to anything outside itself.
  Object compile_object(const ModuleSpec& spec);
  CompiledModule load(std::string_view object, std::size_t kernel_count);

  // All that decides the code beside the spec and actc's own sources: LLVM and the processor that
  // code is generated for. Throws CompileFailure where the host cannot run code for the target.
  std::string identity(const Target& target) const;

  // Text of the module's LLVM IR (after optimization) or assembly, for reading.
  std::string llvm_ir(const ModuleSpec& spec);
  std::string assembly(const ModuleSpec& spec);

  // "znver5, 16 x binary32", for reports.
  std::string target_description(const Target& target) const;

 private:
  friend class CompiledModule;
  struct State;
  std::shared_ptr<State> state_;  // shared with the modules, so that any order of destruction works
};

}  // namespace actc::jit
