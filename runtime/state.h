// What the public types point to.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "frontend/frontend.h"
#include "ir/function.h"
#include "jit/engine.h"
#include "runtime/actc.h"

namespace actc::detail {

// A compiled text: its library, which extends the standard library's.
struct ModuleState {
  std::string source;
  std::shared_ptr<const ir::Library> library;
  std::vector<ir::FunctionId> own;  // the text's definitions, in its order
  std::vector<Diagnostic> warnings;
  std::map<ir::FunctionId, frontend::Span> places;  // of the own definitions' names in the source

  static Module module(std::shared_ptr<const ModuleState> state);
  static Function function(std::shared_ptr<const ModuleState> state, ir::FunctionId id);
  static const ModuleState& of(const Function& function) { return *function.module_; }
};

// "`swish`", or "the formula" where a definition has no name.
std::string shown_name(const ir::Function& function);

// That a graph of a definition passes its limit, at the definition's place in its text.
Error too_large(const ModuleState& module, ir::FunctionId id, std::string_view message);

// The standard library, compiled once in a process.
std::shared_ptr<const ModuleState> standard_module();

// Compiles a text on top of a library; the diagnostics where it has errors.
std::variant<std::shared_ptr<const ModuleState>, std::vector<Diagnostic>> compile_text(
    std::string_view text, std::shared_ptr<const ir::Library> base);

// LLVM, initialized once in a process.
jit::Engine& engine();

struct KernelState {
  jit::CompiledModule code;
  actc_kernel forward = nullptr;
  actc_kernel backward = nullptr;
  actc_kernel fused = nullptr;
  std::string name;
  std::size_t input_count = 0;
  std::vector<ir::Parameter> parameters;
  std::vector<bool> fixed;
};

// The call of a function on its own inputs and parameters, as a graph with one output: where a
// derivative or an implementation is written, it stands behind the call.
ir::Graph call_graph(const ir::Library& library, ir::FunctionId id);

// All graphs of a kernel. Throws Error where one grows past its limit.
struct Stages {
  ir::Graph meaning;   // y
  ir::Graph gradient;  // y, then dx an input; dy is the last input
  ir::Graph lowered;
};
Stages stages(const ModuleState& module, ir::FunctionId id, ir::Format format);

jit::ModuleSpec module_spec(const ir::Function& function, const Stages& stages, ir::Format format,
                            const KernelOptions& options);

// The value of a parameter as it is bound: finite in T.
template <Element T>
T rounded_parameter(std::string_view name, double value);

[[noreturn]] void unknown_parameter(const std::string& name,
                                    const std::vector<ir::Parameter>& known,
                                    std::string_view function);

template <Element T>
constexpr ir::Format format_of = sizeof(T) == 4 ? ir::Format::binary32 : ir::Format::binary64;

}  // namespace actc::detail
