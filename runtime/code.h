// The code of a kernel: compiled, or found in a cache.
#pragma once

#include <atomic>
#include <functional>
#include <mutex>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "jit/object_cache.h"
#include "runtime/state.h"

namespace actc::detail {

struct CacheState {
  explicit CacheState(CacheOptions options);

  jit::ObjectCache objects;
  std::function<void(std::string_view)> report;
  std::atomic<std::uint64_t> found = 0;
  std::atomic<std::uint64_t> compiled = 0;
  std::atomic<std::uint64_t> rejected = 0;
  std::atomic<std::uint64_t> stored = 0;
  std::mutex mutex;
  std::set<std::string> reported;

  static CacheState* of(const KernelCache& cache) { return cache.state_.get(); }
  void tell(const std::string& problem);  // nothing where it is empty
};

// What is known of a kernel by the graphs that it was made from, which a cache saves making.
struct CodeFacts {
  bool over_rows = false;
  bool random = false;
  ir::Shape value_shape = ir::Shape::element;
  std::vector<std::size_t> positive = {};  // parameters

  friend bool operator==(const CodeFacts&, const CodeFacts&) = default;
};

// Facts as bytes, and back: nothing where the bytes are no facts of a definition with so many
// parameters.
std::string to_bytes(const CodeFacts& facts);
std::optional<CodeFacts> facts_from(std::string_view bytes, std::size_t parameter_count);

struct CodeRequest {
  const ModuleState& module;
  ir::FunctionId id;
  ArrayTypes types;
  const KernelOptions& options;
  std::span<const ir::Shape> shapes = {};  // of the inputs; empty: elements all
  jit::LanesAre lanes = jit::LanesAre::columns;
  std::optional<ir::Shape> value_shape = {};  // that it must have
};

// A digest of all that decides the code, this build of actc included.
jit::Digest key_of(const CodeRequest& request);

struct Code {
  Kernels kernels;
  CodeFacts facts;
  CompileTimes times;
};

// From KernelOptions::cache where it has it; else compiled, and then kept there. Throws Error.
Code code_for(const CodeRequest& request);

// Of the sources that decide what code there is, and what they were compiled with: made by the
// build.
std::string_view build_identity();

}  // namespace actc::detail
