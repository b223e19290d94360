// actc: activation functions from text.
//
//   actc::Module m = actc::compile("swish(x; beta = 1) = x * sigmoid(beta * x)");
//   actc::Kernel<float> k = m["swish"].kernel<float>();
//   k.forward(x, y, {{"beta", 1.5}});
//   k.backward(x, dy, dx, {{"beta", 1.5}});
//
// All types are values: copies share immutable state and may be destroyed in any order. Everything
// here may be called from any number of threads at once. Errors are reported by `Error`, the one
// exception type of this interface; each function that takes text has a non-throwing twin.
#pragma once

#include <concepts>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "cache.h"  // these beside this file, here as where it is installed
#include "direct_call.h"
#include "half.h"
#include "view.h"

namespace actc {

/// The version of the library, "major.minor.patch".
ACTC_API std::string_view version();

enum class Severity : std::uint8_t { error, warning };

/// One thing that is wrong, with its place in the text where there is one.
struct Diagnostic {
  Severity severity = Severity::error;
  /// What kind of message it is, a word that stays while messages are reworded: "unknown-name".
  /// Empty where it is not about a text. docs/messages.md and `actc explain` tell more about each.
  std::string code;
  std::string message;
  std::string suggestion;    ///< what to do; may be empty
  std::uint32_t line = 0;    ///< from 1; 0 where there is no place
  std::uint32_t column = 0;  ///< from 1, in code points
  std::uint32_t width = 0;   ///< of the part meant, in code points
  std::string line_text;     ///< the line itself, cut around the part if it is long
  std::uint32_t caret = 0;   ///< code points of line_text before the part
};

/// As compilers print it: `source_name:line:column: error: message [code]`, the line, a caret,
/// the suggestion. Ends with a newline.
ACTC_API std::string render(const Diagnostic& diagnostic, std::string_view source_name = "text");

/// The one exception type: texts that do not compile, names and parameters that do not exist,
/// arrays whose lengths differ or which overlap. `what()` has all diagnostics rendered.
class ACTC_API Error : public std::runtime_error {
 public:
  explicit Error(std::vector<Diagnostic> diagnostics);
  explicit Error(std::string message);
  std::span<const Diagnostic> diagnostics() const noexcept { return *diagnostics_; }

 private:
  std::shared_ptr<const std::vector<Diagnostic>> diagnostics_;
};

/// A value or the diagnostics that say why there is none.
template <class T>
class Result {
 public:
  Result(T value) : content_(std::move(value)) {}
  Result(std::vector<Diagnostic> diagnostics) : content_(std::move(diagnostics)) {}
  explicit operator bool() const noexcept { return content_.index() == 0; }
  T& operator*() { return std::get<0>(content_); }
  const T& operator*() const { return std::get<0>(content_); }
  T* operator->() { return &std::get<0>(content_); }
  const T* operator->() const { return &std::get<0>(content_); }
  /// Empty where there is a value.
  std::span<const Diagnostic> diagnostics() const noexcept {
    return content_.index() == 0 ? std::span<const Diagnostic>() : std::get<1>(content_);
  }

 private:
  std::variant<T, std::vector<Diagnostic>> content_;
};

/// Whose gradient is meant at a kink, where the frameworks differ: the table in docs/language.md.
enum class Convention : std::uint8_t { pytorch, jax, tensorflow, onednn };

/// Values for parameters, by name. A value is rounded to the computing format when it is bound.
using Parameters = std::map<std::string, double, std::less<>>;

struct ParameterInfo {
  std::string name;
  std::optional<double> default_value;
  bool learned = false;
};

/// What a forward pass leaves for the backward pass to compute the gradient from: its input, its
/// output, a bit for each element, or nothing.
enum class Saved : std::uint8_t { x, y, mask, nothing };

/// One of the things that a gradient can be computed from.
struct Saving {
  Saved saved = Saved::x;
  std::vector<std::string> positive = {};  ///< parameters that must be so for it
};

/// What a kernel is to be able to do, and for which processor.
struct KernelOptions {
  bool forward = true;
  bool backward = true;
  bool fused = false;  ///< forward and backward in one pass
  /// Backward kernels give the gradients of the `learn` parameters too, in the same pass.
  bool learned = false;
  /// What backward kernels compute the gradient from, one of Function::savings(): then it has no
  /// `fused` kernel and no `learned`, and backward calls are those by its name. With `x`, forward
  /// refuses to write y over x. Nothing said: from x, and in place is the caller's matter.
  std::optional<Saved> saved = {};
  /// Parameters that calls give as arrays: inputs after the definition's own, in this order, which
  /// have gradients as they have. So a parameter has a value a channel: see `channels`.
  std::vector<std::string> as_inputs = {};
  /// Parameters fixed now: constants to the compiler. The results have the same bits as when the
  /// same values are given at each run.
  Parameters fixed = {};
  bool stabilize = true;  ///< rewrite by the rules, so that naive formulas keep their digits
  bool optimize = true;
  bool avx2_only = false;  ///< on x86-64: no AVX-512, even where the processor has it
  KernelCache cache = {};  ///< where compiled kernels are looked for and kept
};

/// What making a kernel took, in milliseconds.
struct CompileTimes {
  double graphs = 0;   ///< rules, derivation, lowering to a number format
  double writing = 0;  ///< of LLVM's IR
  double llvm = 0;     ///< instruction selection, registers, the object
  double link = 0;
  bool found = false;  ///< in the cache: the rest is 0
};

/// What an array may hold. float16 and bfloat16 are widened as they are loaded, computed in float,
/// and rounded once, to nearest even, as they are stored.
template <class T>
concept Element = std::same_as<T, float> || std::same_as<T, double> || std::same_as<T, float16> ||
                  std::same_as<T, bfloat16>;

namespace detail {
struct ModuleState;
struct KernelState;
template <Element T>
using Computed = std::conditional_t<std::same_as<T, double>, double, float>;
}  // namespace detail

/// Element types that one kernel may have in different arrays: those that are computed alike.
template <class X, class Y>
concept Compatible =
    Element<X> && Element<Y> && std::same_as<detail::Computed<X>, detail::Computed<Y>>;

template <Element X, Element Y = X>
  requires Compatible<X, Y>
class Kernel;

/// Runs task(0) to task(count - 1) on any threads, in any order, and returns when all are done: the
/// host's own, as OpenMP or TBB has them, or `threads`. The tasks do not throw. Called from as many
/// threads at once as calls are made from.
using Executor =
    std::function<void(std::size_t count, const std::function<void(std::size_t)>& task)>;
/// One that divides them among `count` threads: the caller's own and count - 1 that live as long as
/// it and its copies. They spin for up to 50 microseconds after their last work, then sleep. While
/// they are at work for one call, others are done by their callers alone.
ACTC_API Executor threads(unsigned count);

/// A kernel with its parameters bound: a call is a call. Copies are cheap; keeps its code alive.
/// A gradient has the type of what it is the gradient of: dx that of x, dy that of y.
template <Element X, Element Y = X>
  requires Compatible<X, Y>
class ACTC_API BoundKernel {
 public:
  /// y = f(x), of each element; what is over a row takes x as one row. x and y have one length (a
  /// value of the row is one element) and do not overlap, or are the same array where their
  /// elements have one size.
  void forward(std::span<const X> x, std::span<Y> y) const {
    if (forward_ != nullptr && x.size() == y.size() && detail::may_write(x, y)) {
      detail::call_directly<1>(forward_, x.size(), {detail::array_of(x)}, detail::array_of(y),
                               parameters_.data());
    } else {
      forward(std::span(&x, 1), y);
    }
  }
  /// dx = dy · f′(x). dx may be x or dy itself, on the same condition. `learned`, for kernels
  /// compiled with it, gets for each `learn` parameter, in their order, the sum of dy times the
  /// derivative with respect to it over all elements: taken in binary64, of binary64 in two words,
  /// in an order that the shape alone decides. Left out, these are not given.
  void backward(std::span<const X> x, std::span<const Y> dy, std::span<X> dx,
                std::span<double> learned = {}) const {
    if (backward_ != nullptr && learned.empty() && x.size() == dx.size() &&
        dy.size() == dx.size() && detail::may_write(x, dx) && detail::may_write(dy, dx)) {
      detail::call_directly<2>(backward_, x.size(), {detail::array_of(x), detail::array_of(dy)},
                               detail::array_of(dx), parameters_.data());
    } else {
      backward(std::span(&x, 1), dy, std::span(&dx, 1), learned);
    }
  }
  /// Both in one pass; for kernels compiled with `fused`.
  void forward_backward(std::span<const X> x, std::span<const Y> dy, std::span<Y> y,
                        std::span<X> dx, std::span<double> learned = {}) const;

  /// The same for definitions of any number of inputs, in the definition's order.
  void forward(std::span<const std::span<const X>> inputs, std::span<Y> y) const;
  void backward(std::span<const std::span<const X>> inputs, std::span<const Y> dy,
                std::span<const std::span<X>> gradients, std::span<double> learned = {}) const;
  void forward_backward(std::span<const std::span<const X>> inputs, std::span<const Y> dy,
                        std::span<Y> y, std::span<const std::span<X>> gradients,
                        std::span<double> learned = {}) const;

  /// The same for arrays of any shape and strides. Inputs broadcast as NumPy's do: shapes are
  /// matched from the last axis on, and what has size 1 there, or no such axis, is spread over the
  /// others. y and dy have the shape that all have together; a gradient has that of its input, and
  /// is the sum over what the input was spread over: taken in two words, cut where the shapes alone
  /// decide, and rounded once. The first call with inputs spread in a new way compiles a kernel for
  /// it (some milliseconds).
  /// What is over a row has its rows along `axis` (counted from the end where it is negative),
  /// which is left out of the shape of y and dy, or of size 1 there, where they have one value a
  /// row; `axis` means nothing to other definitions. The arrays are read and written where they
  /// are: rows that lie along memory, or across it, beside each other (the first call with such
  /// compiles a kernel for them). Only rows that do neither, or fewer than four across, are copied,
  /// one at a time. A row's bits do not depend on the others, but on which of these it is. Throws
  /// Error where shapes do not fit, there is no such axis, rows have no elements, a stride is
  /// negative (or 0 in what is written), or what is written overlaps something but an input that is
  /// the same array.
  void forward(View<const X> x, View<Y> y, std::ptrdiff_t axis = -1) const;
  void backward(View<const X> x, View<const Y> dy, View<X> dx, std::ptrdiff_t axis = -1) const;
  void forward(std::span<const View<const X>> inputs, View<Y> y, std::ptrdiff_t axis = -1) const;
  void backward(std::span<const View<const X>> inputs, View<const Y> dy,
                std::span<const View<X>> gradients, std::ptrdiff_t axis = -1,
                std::span<double> learned = {}) const;
  void forward_backward(std::span<const View<const X>> inputs, View<const Y> dy, View<Y> y,
                        std::span<const View<X>> gradients, std::ptrdiff_t axis = -1,
                        std::span<double> learned = {}) const;

  /// For kernels compiled with `saved`, of one array: y = f(x) and a bit an element (eight in a
  /// byte, the first the lowest, (n + 7) / 8 bytes), and dx from y, from the bits or from nothing.
  void forward(std::span<const X> x, std::span<Y> y, std::span<std::uint8_t> mask) const;
  void backward_from_y(std::span<const Y> y, std::span<const Y> dy, std::span<X> dx) const;
  void backward_from_y(View<const Y> y, View<const Y> dy, View<X> dx,
                       std::ptrdiff_t axis = -1) const;
  void backward_from_mask(std::span<const std::uint8_t> mask, std::span<const Y> dy,
                          std::span<X> dx) const;
  void backward_from_nothing(std::span<const Y> dy, std::span<X> dx) const;
  void backward_from_nothing(View<const Y> dy, View<X> dx, std::ptrdiff_t axis = -1) const;

  /// A kernel whose calls divide their work by the executor. All results have the same bits.
  BoundKernel on(Executor executor) const;

  /// The same kernel with another seed for what a formula draws; `bind` gives the seed 0. A draw is
  /// a function of the seed, of the place of the element in the arrays of the call (in C's order,
  /// whatever their strides and the axis of the rows are) and of the draw's place in the text. So a
  /// backward pass draws what the forward pass drew, and nothing is stored. `first_element` is the
  /// place of the call's first element, where a call is for a part of an array.
  BoundKernel seeded(std::uint64_t seed, std::uint64_t first_element = 0) const;

 private:
  friend class Kernel<X, Y>;
  std::shared_ptr<const detail::KernelState> state_;
  std::vector<detail::Computed<X>> parameters_;
  // Its code, where a call on one array is a call of that and no more; else null.
  actc_kernel forward_ = nullptr;
  actc_kernel backward_ = nullptr;
  Executor executor_;
  std::uint64_t seed_ = 0;
  std::uint64_t first_element_ = 0;
};

/// Compiled code of one definition for inputs of X and values of Y: `Kernel<bfloat16>`, or
/// `Kernel<bfloat16, float>` where the values keep their precision.
template <Element X, Element Y>
  requires Compatible<X, Y>
class ACTC_API Kernel {
 public:
  /// Throws Error for a name that is no parameter or is fixed, for a missing value without
  /// default, and for a value beyond the format that X is computed in.
  BoundKernel<X, Y> bind(const Parameters& parameters = {}) const;

  void forward(std::span<const X> x, std::span<Y> y, const Parameters& p = {}) const {
    bind(p).forward(x, y);
  }
  void backward(std::span<const X> x, std::span<const Y> dy, std::span<X> dx,
                const Parameters& p = {}) const {
    bind(p).backward(x, dy, dx);
  }
  void forward_backward(std::span<const X> x, std::span<const Y> dy, std::span<Y> y,
                        std::span<X> dx, const Parameters& p = {}) const {
    bind(p).forward_backward(x, dy, y, dx);
  }
  void forward(View<const X> x, View<Y> y, std::ptrdiff_t axis = -1,
               const Parameters& p = {}) const {
    bind(p).forward(x, y, axis);
  }
  void backward(View<const X> x, View<const Y> dy, View<X> dx, std::ptrdiff_t axis = -1,
                const Parameters& p = {}) const {
    bind(p).backward(x, dy, dx, axis);
  }
  void forward(std::initializer_list<std::span<const X>> inputs, std::span<Y> y,
               const Parameters& p = {}) const {
    bind(p).forward(std::span(inputs.begin(), inputs.size()), y);
  }
  void backward(std::initializer_list<std::span<const X>> inputs, std::span<const Y> dy,
                std::initializer_list<std::span<X>> gradients, const Parameters& p = {}) const {
    bind(p).backward(std::span(inputs.begin(), inputs.size()), dy,
                     std::span(gradients.begin(), gradients.size()));
  }

  std::size_t code_bytes() const;
  /// Of the kernel itself, not of those that calls with inputs spread in other ways compile.
  CompileTimes compile_times() const;

 private:
  friend class Function;
  std::shared_ptr<const detail::KernelState> state_;
};

/// The stages of compilation that can be printed.
enum class Stage : std::uint8_t { ast, ir, stable, grad, lowered, llvm, assembly };

/// The languages that a definition can be written in, to be used without actc.
enum class Language : std::uint8_t { c, python, javascript, latex, mathml };

/// A definition of a module: what it is, and kernels for it.
class ACTC_API Function {
 public:
  std::string name() const;  ///< empty for a bare expression
  std::vector<std::string> inputs() const;
  std::vector<ParameterInfo> parameters() const;
  std::string documentation() const;
  /// Does a value depend on others of its row? If not, on its own elements alone.
  bool is_over_rows() const;
  /// Does it draw random numbers? Its values depend on the kernel's seed and on the places of the
  /// elements then (BoundKernel::seeded).
  bool is_random() const;
  /// Is it over a row and one value for all of it, as a sum is?
  bool has_row_value() const;
  /// The right-hand side as it was typed.
  std::string source() const;
  /// The formula with helpers inlined, and the partial derivative with respect to an input or a
  /// parameter (the first input where `variable` is empty), as text that compiles again.
  /// Differentiated `order` times. Of what is over a row it is the gradient for a gradient `dy`
  /// from above, of order 1.
  std::string formula() const;
  std::string derivative(std::string_view variable = {}, int order = 1) const;
  /// The module after each stage of compilation, for a Kernel<X, Y>.
  template <Element X, Element Y = X>
    requires Compatible<X, Y>
  std::string emit(Stage stage, const KernelOptions& options = {}) const;

  /// The definition in another language, as a text that stands by itself. Of the options, `fixed`
  /// and `stabilize` count. Names that a language has taken get a `_`; a formula is `f`.
  ///
  /// c: C11 that computes what the kernels of T do, with the same bits where it is compiled without
  ///   contraction (-ffp-contract=off): `T mish(T x)` and `T mish_grad(T x, T dy)`, with
  ///   parameters last.
  /// javascript: ES2015 in binary64, no module: `mish(x)` and `mish_grad(x)`, the derivative;
  ///   parameters are further arguments with their defaults.
  /// python: functions of NumPy arrays, likewise; parameters are given by name.
  /// latex: formula and derivatives in an `aligned` environment of amsmath.
  /// mathml: each as a <math> element of MathML Core, one a line.
  ///
  /// Derivatives of several inputs, and of `learn` parameters, have names of their own:
  /// `glu_grad_a`. What is over a row has `dy` as an argument in Python, as its gradient is a
  /// product with it, and has no C or JavaScript; what draws random numbers has formulas alone.
  /// Throws Error.
  template <std::floating_point T = float>
  std::string emit(Language language, const KernelOptions& options = {}) const;

  /// What the gradient can be computed from, x last: found from the formulas of value and gradient.
  /// Of several inputs, x alone.
  std::vector<Saving> savings() const;

  /// Evaluates the formula (order 0) or its derivative in double, operation by operation: slow,
  /// and independent of code generation. Inputs, then parameters as bound by `parameters`. Throws
  /// Error for what is over a row, and for what draws random numbers.
  double evaluate(std::span<const double> inputs, const Parameters& parameters = {}) const;
  double evaluate_derivative(std::string_view variable, std::span<const double> inputs,
                             const Parameters& parameters = {}) const;

  /// Warnings: the subexpressions of value and gradient that lose binary32's digits, or overflow
  /// where the result does not, although the rules were applied, and where they do. Found on a few
  /// thousand samples in a few milliseconds; nothing is compiled. Before them, that a limit kept
  /// rules from being tried everywhere. Nothing is found in what is over a row or draws random
  /// numbers. Throws Error as `bind` does.
  std::vector<Diagnostic> cancellations(const Parameters& parameters = {},
                                        bool stabilize = true) const;

  /// Warnings of what can be shown to go wrong in the formula over the reals, each with the part at
  /// fault and an input that shows it: roots and logarithms of negative numbers, divisors that are
  /// 0, branches that do not meet, a gradient that is 0 everywhere, and names without a use.
  /// Parameters that are not given have their defaults; where one has none, only names are looked
  /// at, as in what is over a row or draws random numbers. Built-ins have none. Takes about a
  /// millisecond; nothing is compiled. Throws Error for a name that is no parameter.
  std::vector<Diagnostic> analysis(const Parameters& parameters = {}) const;

  /// Compiles. Throws Error.
  template <Element X, Element Y = X>
    requires Compatible<X, Y>
  Kernel<X, Y> kernel(const KernelOptions& options = {}) const;
  template <Element X, Element Y = X>
    requires Compatible<X, Y>
  Result<Kernel<X, Y>> try_kernel(const KernelOptions& options = {}) const;

 private:
  friend class Module;
  friend struct detail::ModuleState;
  std::shared_ptr<const detail::ModuleState> module_;
  std::uint32_t id_ = 0;
};

/// The definitions of a text.
class ACTC_API Module {
 public:
  /// The definition of this name: the text's own, else the built-in. Throws Error with the nearest
  /// name as suggestion.
  Function operator[](std::string_view name) const;
  std::optional<Function> find(std::string_view name) const;
  /// The last definition of the text.
  Function entry() const;
  /// The text's own definitions, in its order.
  std::vector<Function> functions() const;
  /// Warnings, such as a written derivative that disagrees with its formula.
  std::span<const Diagnostic> warnings() const;
  /// What Function::analysis says of the text's definitions, each warning once, in the order of the
  /// text. What others call and `##` does not document is judged where it is called.
  std::vector<Diagnostic> analysis() const;

 private:
  friend struct detail::ModuleState;
  std::shared_ptr<const detail::ModuleState> state_;
};

/// Compiles a text to a module (no native code yet: that is `kernel`). The built-ins that it uses
/// have their gradients by the convention. Throws Error.
ACTC_API Module compile(std::string_view text, Convention convention = Convention::pytorch);
ACTC_API Result<Module> try_compile(std::string_view text,
                                    Convention convention = Convention::pytorch);

/// The standard library: all built-ins.
ACTC_API Module standard_library(Convention convention = Convention::pytorch);
/// The built-in of this name. Throws Error with the nearest name as suggestion.
ACTC_API Function builtin(std::string_view name, Convention convention = Convention::pytorch);

}  // namespace actc
