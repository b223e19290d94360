// actc bench --compile: where the time of a compilation goes, and what a cache leaves of it.
#include "tools/bench_compile.h"

#include <fmt/format.h>
#include <stdlib.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <system_error>

#include "tools/commands.h"
#include "tools/json.h"
#include "tools/terminal.h"

namespace actc::tools {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t repetitions = 9;  // each figure is their median

double milliseconds_since(Clock::time_point start) {
  return std::chrono::duration<double, std::milli>(Clock::now() - start).count();
}

// A folder that goes with this.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::error_code error;
    std::string name = (std::filesystem::temp_directory_path(error) / "actc-XXXXXX").string();
    if (error || mkdtemp(name.data()) == nullptr) {
      throw bad_file("there is no folder for temporary files", "set TMPDIR to one");
    }
    path_ = name;
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

// A compilation, with one call of each kernel.
struct Compilation {
  CompileTimes steps;
  double total = 0;
};

template <class T>
Compilation compile_and_call(const Definition& definition, const Parameters& parameters,
                             const KernelOptions& options) {
  const std::size_t inputs = definition.function.inputs().size();
  const std::size_t n = 8;
  const std::vector<std::vector<T>> x(inputs, std::vector<T>(n, T(0.5F)));
  std::vector<std::vector<T>> dx(inputs, std::vector<T>(n));
  std::vector<T> y(definition.function.has_row_value() ? 1 : n);
  const std::vector<T> dy(y.size(), T(1));
  const std::vector<std::span<const T>> given(x.begin(), x.end());
  const std::vector<std::span<T>> gradients(dx.begin(), dx.end());

  const auto start = Clock::now();
  const Kernel<T> kernel = definition.function.kernel<T>(options);
  const BoundKernel<T> bound = kernel.bind(parameters);
  bound.forward(given, std::span(y));
  bound.backward(given, dy, gradients);
  return {kernel.compile_times(), milliseconds_since(start)};
}

double median(const std::vector<Compilation>& all, const auto& figure) {
  std::vector<double> values;
  for (const Compilation& c : all) values.push_back(figure(c));
  std::ranges::nth_element(values, values.begin() + repetitions / 2);
  return values[repetitions / 2];
}

struct Row {
  std::string label;
  double graphs, writing, llvm, link, total, found;
};

template <class T>
Row measure(const Definition& definition, const Parameters& parameters, const CompileBench& bench,
            const std::filesystem::path& folder) {
  KernelOptions options;
  options.stabilize = definition.stabilize;
  options.avx2_only = bench.avx2;
  std::vector<Compilation> cold(repetitions);
  for (Compilation& c : cold) c = compile_and_call<T>(definition, parameters, options);
  options.cache = KernelCache({.directory = folder});
  (void)compile_and_call<T>(definition, parameters, options);
  std::vector<Compilation> cached(repetitions);
  for (Compilation& c : cached) c = compile_and_call<T>(definition, parameters, options);
  return {.label = definition.label,
          .graphs = median(cold, [](const Compilation& c) { return c.steps.graphs; }),
          .writing = median(cold, [](const Compilation& c) { return c.steps.writing; }),
          .llvm = median(cold, [](const Compilation& c) { return c.steps.llvm; }),
          .link = median(cold, [](const Compilation& c) { return c.steps.link; }),
          .total = median(cold, [](const Compilation& c) { return c.total; }),
          .found = median(cached, [](const Compilation& c) { return c.total; })};
}

void print_rows(const std::vector<Row>& rows, double library, double first) {
  std::size_t width = 10;
  for (const Row& row : rows) width = std::max(width, row.label.size());
  width = std::min<std::size_t>(width, 60);
  fmt::print("ms, median of {}: forward and gradient, each called once\n\n", repetitions);
  fmt::print("{:<{}}  {:>7} {:>8} {:>7} {:>7} {:>7}  {:>10}\n", "", width, "graphs", "LLVM IR",
             "LLVM", "link", "total", "from cache");
  for (const Row& r : rows) {
    fmt::print("{:<{}}  {:>7.2f} {:>8.2f} {:>7.2f} {:>7.2f} {:>7.2f}  {:>10.3f}\n", r.label, width,
               r.graphs, r.writing, r.llvm, r.link, r.total, r.found);
  }
  fmt::print("\nOnce in this process: the standard library {:.1f}, a first kernel {:.1f}\n",
             library, first);
}

void print_rows_json(const std::vector<Row>& rows, double library, double first) {
  Json results = Json::array();
  for (const Row& r : rows) {
    results.push_back({{"definition", r.label},
                       {"graphs", r.graphs},
                       {"llvm_ir", r.writing},
                       {"llvm", r.llvm},
                       {"link", r.link},
                       {"total", r.total},
                       {"from_cache", r.found}});
  }
  print_json({{"unit", "ms"},
              {"samples", repetitions},
              {"standard_library", library},
              {"first_kernel", first},
              {"results", std::move(results)}});
}

}  // namespace

ExitCode bench_compilation(const std::vector<Definition>& definitions,
                           const std::vector<Parameters>& parameters, const CompileBench& options,
                           bool json) {
  const TemporaryFolder folder;
  const auto start = Clock::now();
  (void)compile("2 * x").entry().kernel<float>();
  const double first = milliseconds_since(start);
  std::vector<Row> rows;
  {
    Progress progress("compiling");
    for (std::size_t k = 0; k < definitions.size(); ++k) {
      rows.push_back(with_element_type(options.type, [&]<class T>(std::type_identity<T>) {
        return measure<T>(definitions[k], parameters[k], options, folder.path());
      }));
      progress.update(k + 1, definitions.size());
    }
  }
  json ? print_rows_json(rows, options.library, first) : print_rows(rows, options.library, first);
  return exit_good;
}

}  // namespace actc::tools
