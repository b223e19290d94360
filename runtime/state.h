// What the public types point to.
#pragma once

#include <algorithm>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "frontend/frontend.h"
#include "frontend/trace.h"
#include "ir/function.h"
#include "ir/stabilize.h"
#include "ir/text.h"
#include "jit/engine.h"
#include "runtime/actc.h"

namespace actc::detail {

struct ModuleState;

// Which part of its text each node of a module's definitions comes from. Thread-safe.
struct Traces;
std::shared_ptr<Traces> new_traces();
const std::map<ir::FunctionId, frontend::TracedDefinition>& traced(const ModuleState& module);

// A compiled text: its library, which extends the standard library's.
struct ModuleState {
  std::shared_ptr<const ModuleState> base;  // none for the standard library
  std::string source;
  std::shared_ptr<const ir::Library> library;
  std::shared_ptr<const ir::Rulebook> rules;  // of the library
  std::vector<ir::FunctionId> own;            // the text's definitions, in its order
  std::vector<Diagnostic> warnings;
  std::map<ir::FunctionId, frontend::Span> places;  // of the own definitions' names in the source
  std::shared_ptr<Traces> traces = new_traces();    // made when they are first asked for

  static Module module(std::shared_ptr<const ModuleState> state);
  static Function function(std::shared_ptr<const ModuleState> state, ir::FunctionId id);
  static const ModuleState& of(const Function& function) { return *function.module_; }
};

// "`swish`", or "the formula" where a definition has no name.
std::string shown_name(const ir::Function& function);

// Diagnostics with their places, in the order of the text.
std::vector<Diagnostic> located(std::vector<frontend::Diagnostic> diagnostics,
                                std::string_view source);

// The parameters' values as binary32 has them. Throws Error for a name that there is not, and where
// one without a default has no value.
std::vector<double> binary32_parameters(const ir::Function& f, const Parameters& given);

// What there is to say of a definition, at its place in its text.
Diagnostic placed(const ModuleState& module, ir::FunctionId id, Severity severity,
                  frontend::Code code, std::string_view message, std::string_view suggestion);

// Moves it to the part of the definition that is meant, where the text has that part as it is.
void place_within(const ModuleState& module, ir::FunctionId id, const ir::Graph& part,
                  Diagnostic& diagnostic);

// For reading: without the standard library's own helpers, which its documentation does not name.
ir::Graph readable(const ir::Graph& graph, const ir::Library& library);

// That a graph of a definition passes its limit, at the definition's place in its text.
Error too_large(const ModuleState& module, ir::FunctionId id, std::string_view message);

// The standard library, compiled once in a process, and with the gradients of a convention.
std::shared_ptr<const ModuleState> standard_module();
std::shared_ptr<const ModuleState> standard_module(Convention convention);

// The text that defines a function, which may be that of a base.
const std::string& source_of(const ModuleState& module, ir::FunctionId id);

// Compiles a text on top of a module, or of nothing; the diagnostics where it has errors.
std::variant<std::shared_ptr<const ModuleState>, std::vector<Diagnostic>> compile_text(
    std::string_view text, const std::shared_ptr<const ModuleState>& base);

// LLVM, initialized once in a process.
jit::Engine& engine();

// The compiled kernels of a definition, those that were asked for.
struct Kernels {
  jit::CompiledModule code;
  actc_kernel forward = nullptr;
  actc_kernel backward = nullptr;
  actc_kernel fused = nullptr;
};

// Elements of the arrays: x and dx have one, y and dy one.
struct ArrayTypes {
  jit::Storage x;
  jit::Storage y;

  ir::Format computed() const {
    return x == jit::Storage::binary64 ? ir::Format::binary64 : ir::Format::binary32;
  }
};

struct KernelState {
  Kernels plain;  // all inputs have elements of their own, those of a row side by side
  CompileTimes times;
  std::string name;
  std::size_t input_count = 0;
  std::vector<std::string> input_names;
  std::vector<std::string> learned;  // the parameters that backward kernels give gradients of
  bool over_rows = false;
  bool random = false;
  ir::Shape value_shape = ir::Shape::element;  // of y and dy
  std::vector<ir::Parameter> parameters;
  std::vector<bool> fixed;            // or an input: no value is bound
  std::vector<std::size_t> positive;  // parameters

  // Is a call on contiguous arrays of one length one call of the code, of each element by itself?
  bool is_plain() const {
    return input_count == 1 && !over_rows && !random && !options.saved &&
           value_shape == ir::Shape::element;
  }

  // What the others are compiled from when a call needs them.
  std::shared_ptr<const ModuleState> module;
  ir::FunctionId id = 0;
  ArrayTypes types{};
  KernelOptions options;
  mutable std::mutex mutex;  // of the next
  struct Form {
    std::vector<ir::Shape> shapes;  // of the inputs
    jit::LanesAre lanes;
    friend auto operator<=>(const Form&, const Form&) = default;
  };
  mutable std::map<Form, Kernels> others;
};

// Throws Error where there is none.
const KernelState& checked(const std::shared_ptr<const KernelState>& state);

// The kernels for inputs of these shapes and rows that lie so; compiled at the first call with
// them. Thread-safe. Throws Error.
const Kernels& kernels_for(const KernelState& state, std::span<const ir::Shape> shapes,
                           jit::LanesAre lanes);

// The call of a function on its own inputs and parameters, as a graph with one output: where a
// derivative or an implementation is written, it stands behind the call.
ir::Graph call_graph(const ir::Library& library, ir::FunctionId id);

// All graphs of a kernel. Throws Error where one grows past its limit.
struct Stages {
  ir::Graph meaning;   // y
  ir::Graph stable;    // the same, rewritten by the rules
  ir::Graph gradient;  // y, then dx an input, then da a learned parameter where that is asked for,
                       // rewritten too; dy is the last input
  ir::Graph lowered;
  std::vector<std::size_t> positive = {};  // the parameters that must be so
};
struct StageLogs {
  ir::StabilizeLog value;
  ir::StabilizeLog gradient;
};
// The arrays that a kernel takes.
struct Variables {
  std::vector<ir::Shape> inputs;    // of each input, those that are parameters among them
  std::vector<std::size_t> arrays;  // positions of the parameters that are inputs after the others

  bool is_array(std::size_t parameter) const {
    return std::ranges::find(arrays, parameter) != arrays.end();
  }
};

// The positions of the learned parameters that are not inputs.
std::vector<std::size_t> learned_parameters(const ir::Function& function,
                                            const Variables& variables);

// What the rules of stdlib/saved.act say.
std::span<const ir::Rule> saved_identities();

std::string_view saved_name(Saved saved);

// The gradient of what a kernel saves, in x's place.
struct SavedGradient {
  ir::Graph graph;                    // y, dx, and of a mask the bit
  std::vector<std::size_t> positive;  // parameters
};
// Nothing where it is not possible. `gradients` is the gradient's graph as it is of x, `value` that
// of the value.
std::optional<SavedGradient> saved_gradient(const ir::Library& library,
                                            const ir::Function& function, const ir::Graph& value,
                                            const ir::Graph& gradients, Saved saved);

struct StageOptions {
  // Without it no rule is applied. The standard library's own functions are written so that they
  // need none.
  bool stabilize = true;
  bool learned = false;      // gradients of the learned parameters too
  Variables variables = {};  // empty: the function's inputs, elements all
  std::optional<Saved> saved = {};
};
Stages stages(const ModuleState& module, ir::FunctionId id, ir::Format format,
              const StageOptions& options, StageLogs* logs = nullptr);

// The definition's names, and after its inputs, and the parameters that are such, that of the
// gradient from above: dy.
ir::Names names_with_seed(const ir::Function& function,
                          std::span<const std::string> as_inputs = {});

// The formulas of value and gradient as they are computed, and the rules that made them so.
std::string stable_text(const ModuleState& module, ir::FunctionId id, ir::Format format,
                        bool stabilize);

StageOptions stage_options(const ir::Function& function, const KernelOptions& options,
                           std::span<const ir::Shape> shapes);

jit::ModuleSpec module_spec(const ir::Function& function, const Stages& stages, ArrayTypes types,
                            const KernelOptions& options, const Variables& variables);

// The value of a parameter as it is bound: finite in T.
template <std::floating_point T>
T rounded_parameter(std::string_view name, double value);

[[noreturn]] void unknown_parameter(const std::string& name,
                                    const std::vector<ir::Parameter>& known,
                                    std::string_view function);

template <Element T>
constexpr jit::Storage storage_of = std::same_as<T, double>    ? jit::Storage::binary64
                                    : std::same_as<T, float>   ? jit::Storage::binary32
                                    : std::same_as<T, float16> ? jit::Storage::binary16
                                                               : jit::Storage::bfloat16;

}  // namespace actc::detail
