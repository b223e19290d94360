// actc bench: nanoseconds an element, beside memcpy of as many bytes in the same run.
// --compile is in bench_compile.cpp.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <memory>
#include <random>

#include "tools/bench_compile.h"
#include "tools/commands.h"
#include "tools/json.h"
#include "tools/terminal.h"

namespace actc::tools {
namespace {

struct BenchOptions {
  std::vector<std::string> defs;
  DefinitionOptions definition;
  std::uint64_t n = 32768;
  std::string dtype = "f32";
  bool avx2 = false;
  bool compile = false;
  bool json = false;
};

constexpr std::uint64_t max_n = std::uint64_t{1} << 28;

// Each measurement is the median of this many samples of at least this time.
constexpr int samples = 15;
constexpr std::chrono::nanoseconds sample_time = std::chrono::milliseconds(4);

// Keeps what a call has written, although nothing reads it.
void keep(const void* memory) { asm volatile("" : : "r"(memory) : "memory"); }

// Nanoseconds a call, the median.
template <class Call>
double median_time(const Call& call) {
  using Clock = std::chrono::steady_clock;
  const auto time = [&](std::uint64_t repetitions) {
    const auto begin = Clock::now();
    for (std::uint64_t k = 0; k < repetitions; ++k) call();
    return Clock::now() - begin;
  };
  std::uint64_t repetitions = 1;
  while (time(repetitions) < sample_time) repetitions *= 2;
  std::vector<double> times;
  for (int k = 0; k < samples; ++k) {
    const std::chrono::duration<double, std::nano> elapsed = time(repetitions);
    times.push_back(elapsed.count() / static_cast<double>(repetitions));
  }
  std::ranges::nth_element(times, times.begin() + samples / 2);
  return times[samples / 2];
}

// All in nanoseconds an element.
struct Timing {
  std::string label;
  double forward = 0;
  double forward_memcpy = 0;  // of the bytes of a forward call: the inputs and the output
  double backward = 0;
  double backward_memcpy = 0;  // the inputs, dy, and a gradient an input
};

// memcpy that moves `arrays` arrays of n elements in all, half read and half written.
template <class T>
double memcpy_time(std::size_t n, std::size_t arrays) {
  const std::size_t bytes = std::max<std::size_t>(1, n * arrays / 2) * sizeof(T);
  const std::vector<char> from(bytes, 1);
  std::vector<char> to(bytes);
  return median_time([&] {
           std::memcpy(to.data(), from.data(), bytes);
           keep(to.data());
         }) /
         static_cast<double>(n);
}

template <class T>
Timing measure(const Definition& definition, const Parameters& parameters,
               const BenchOptions& options) {
  const std::size_t n = options.n;
  const std::size_t input_count = definition.function.inputs().size();
  // Values as a network has them; one seed, so that runs are alike.
  std::mt19937 engine(1);
  std::normal_distribution<double> normal(0, 2);
  std::vector<std::vector<T>> inputs(input_count, std::vector<T>(n));
  for (auto& input : inputs) {
    for (T& x : input) x = static_cast<T>(normal(engine));
  }
  // What is over a row gets one, which may have one value.
  const std::size_t values = definition.function.has_row_value() ? 1 : n;
  const std::vector<T> dy(values, T(1));
  std::vector<T> y(values);
  std::vector<std::vector<T>> gradients(input_count, std::vector<T>(n));
  const std::vector<std::span<const T>> x(inputs.begin(), inputs.end());
  const std::vector<std::span<T>> dx(gradients.begin(), gradients.end());

  KernelOptions kernel_options;
  kernel_options.stabilize = definition.stabilize;
  kernel_options.avx2_only = options.avx2;
  const BoundKernel<T> kernel = definition.function.kernel<T>(kernel_options).bind(parameters);
  const auto elements = static_cast<double>(n);
  Timing timing;
  timing.label = definition.label;
  timing.forward = median_time([&] {
                     kernel.forward(x, y);
                     keep(y.data());
                   }) /
                   elements;
  timing.forward_memcpy = memcpy_time<T>(n, input_count + 1);
  timing.backward = median_time([&] {
                      kernel.backward(x, dy, dx);
                      keep(gradients.front().data());
                    }) /
                    elements;
  timing.backward_memcpy = memcpy_time<T>(n, 2 * input_count + 1);
  return timing;
}

void print_table(const std::vector<Timing>& timings, const BenchOptions& options) {
  std::size_t width = 10;
  for (const Timing& timing : timings) width = std::max(width, timing.label.size());
  width = std::min<std::size_t>(width, 60);
  fmt::print("ns/element, {} elements of {}, median of {}\n\n", options.n, options.dtype, samples);
  fmt::print("{:<{}}  {:>9} {:>9}  {:>9} {:>9}\n", "", width, "forward", "memcpy", "backward",
             "memcpy");
  for (const Timing& t : timings) {
    fmt::print("{:<{}}  {:>9.4f} {:>9.4f}  {:>9.4f} {:>9.4f}\n", t.label, width, t.forward,
               t.forward_memcpy, t.backward, t.backward_memcpy);
  }
}

void print_timings_json(const std::vector<Timing>& timings, const BenchOptions& options) {
  Json results = Json::array();
  for (const Timing& t : timings) {
    results.push_back({{"definition", t.label},
                       {"forward", t.forward},
                       {"forward_memcpy", t.forward_memcpy},
                       {"backward", t.backward},
                       {"backward_memcpy", t.backward_memcpy}});
  }
  print_json({{"unit", "ns/element"},
              {"n", options.n},
              {"dtype", options.dtype},
              {"samples", samples},
              {"results", std::move(results)}});
}

ExitCode bench(const BenchOptions& options) {
  const ElementType type = parse_dtype(options.dtype);
  if (options.n == 0 || options.n > max_n) {
    throw bad_usage(fmt::format("--n must be between 1 and {}", max_n));
  }
  const auto start = std::chrono::steady_clock::now();
  (void)standard_library();
  const std::chrono::duration<double, std::milli> library =
      std::chrono::steady_clock::now() - start;
  std::vector<Definition> definitions;
  for (const std::string& def : options.defs) {
    definitions.push_back(resolve(def, options.definition));
  }
  const Parameters given = parse_parameters(options.definition.parameters, definitions);
  std::vector<Parameters> parameters;
  for (const Definition& definition : definitions) {
    parameters.push_back(parameters_of(definition, given));
  }
  if (options.compile) {
    return bench_compilation(definitions, parameters,
                             {.type = type, .avx2 = options.avx2, .library = library.count()},
                             options.json);
  }
  std::vector<Timing> timings;
  {
    Progress progress("measuring");
    for (std::size_t k = 0; k < definitions.size(); ++k) {
      timings.push_back(with_element_type(type, [&]<class T>(std::type_identity<T>) {
        return measure<T>(definitions[k], parameters[k], options);
      }));
      progress.update(k + 1, definitions.size());
    }
  }
  if (options.json) {
    print_timings_json(timings, options);
  } else {
    print_table(timings, options);
  }
  return exit_good;
}

}  // namespace

Command add_bench(CLI::App& program) {
  auto options = std::make_shared<BenchOptions>();
  CLI::App* app = add_command(program, "bench", "Measures forward and backward beside memcpy",
                              "  actc bench gelu\n"
                              "  actc bench relu silu 'x * erf(x)' --n 16777216\n"
                              "  actc bench gelu mish --dtype f64 --json\n"
                              "  actc bench gelu mish --compile\n");
  app->add_option("DEF", options->defs, "Built-ins' names, formulas, texts, or names in FILE")
      ->required();
  app->add_option("--n", options->n, "Elements in an array; 32768 where it is not given")
      ->type_name("N");
  app->add_flag("--compile", options->compile, "Measure what compiling takes, step by step");
  add_dtype_option(*app, options->dtype, "The number format; f32 where it is not given");
  add_avx2_option(*app, options->avx2);
  add_definition_options(*app, options->definition);
  add_stabilize_option(*app, options->definition);
  app->add_flag("--json", options->json, "Print JSON");
  return {app, [options] { return bench(*options); }};
}

}  // namespace actc::tools
