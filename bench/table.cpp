// The tables of activations, of compile times and of calls.
#include "bench/table.h"

#include <fmt/core.h>
#include <fmt/ostream.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "bench/turns.h"

namespace bench {
namespace {

using Clock = std::chrono::steady_clock;

double nanoseconds(Clock::duration d) {
  return std::chrono::duration<double, std::nano>(d).count();
}

constexpr std::size_t index(Who who) { return static_cast<std::size_t>(who); }

struct Ratio {
  Who numerator;
  Who denominator;
};
constexpr std::array ratios = {Ratio{Who::actc, Who::hand_written},
                               Ratio{Who::actc_avx2, Who::hand_written},
                               Ratio{Who::actc, Who::loop}, Ratio{Who::actc, Who::copy}};

// The columns' geometric means over the functions, and over their faster forms where there are
// some.
void print_means(std::ostream& out, std::span<const std::vector<double>> columns) {
  const auto kernels = avx2_kernels();
  const auto faster = [&](std::string_view name) {
    return std::ranges::find(kernels, std::string(name) + "_fast", &UnaryKernel::name) -
           kernels.begin();
  };
  for (const bool fast : {false, true}) {
    fmt::print(out, "| **geometric mean{}** |", fast ? ", faster forms" : "");
    for (std::size_t k = 0; k < std::size(everyone); ++k) fmt::print(out, " |");
    for (const auto& column : columns) {
      std::vector<double> counted;
      for (std::size_t f = 0; f < kernels.size(); ++f) {
        const std::string_view name = kernels[f].name;
        if (name.ends_with("_fast")) continue;
        const auto form = static_cast<std::size_t>(faster(name));
        counted.push_back(column[fast && form < kernels.size() ? form : f]);
      }
      fmt::print(out, " **{:.2f}** |", geometric_mean(counted));
    }
    fmt::print(out, "\n");
  }
}

void print_table(std::ostream& out, Direction direction, std::size_t n, int rounds,
                 ActcKernels& actc) {
  fmt::print(out, "### {}, {} elements\n\n", name(direction), n);
  fmt::print(out, "| ns an element |");
  for (const Who who : everyone) fmt::print(out, " {} |", name(who));
  for (const Ratio& r : ratios) {
    fmt::print(out, " {} / {} (median) |", name(r.numerator), name(r.denominator));
  }
  fmt::print(out, "\n|---|");
  for (std::size_t k = 0; k < std::size(everyone) + ratios.size(); ++k) fmt::print(out, "---|");
  fmt::print(out, "\n");

  const Data data(n);
  std::array<std::vector<double>, ratios.size()> columns;
  for (std::size_t function = 0; function < avx2_kernels().size(); ++function) {
    std::vector<std::function<void()>> contenders;
    for (const Who who : everyone) {
      contenders.push_back(contender(who, function, direction, data, actc));
    }
    const auto samples = in_turns(contenders, rounds);
    fmt::print(out, "| {} |", avx2_kernels()[function].name);
    for (const Who who : everyone) {
      fmt::print(out, " {:.3f} |", minimum(samples[index(who)]) / static_cast<double>(n));
    }
    for (std::size_t k = 0; k < ratios.size(); ++k) {
      const auto& above = samples[index(ratios[k].numerator)];
      const auto& below = samples[index(ratios[k].denominator)];
      std::vector<double> by_round;
      for (std::size_t i = 0; i < above.size(); ++i) by_round.push_back(above[i] / below[i]);
      columns[k].push_back(minimum(above) / minimum(below));
      fmt::print(out, " {:.2f} ({:.2f}) |", columns[k].back(), median(by_round));
    }
    fmt::print(out, "\n");
    out.flush();
  }
  print_means(out, columns);
  fmt::print(out, "\n");
}

}  // namespace

void print_speeds(std::ostream& out, const TableOptions& options, ActcKernels& actc) {
  for (const Direction direction : directions) {
    for (const std::size_t n : sizes) {
      const bool in_memory = n == sizes[std::size(sizes) - 1];
      print_table(out, direction, n, std::max(1, in_memory ? options.rounds / 6 : options.rounds),
                  actc);
    }
  }
}

void print_compile_times(std::ostream& out) {
  const auto compile = [](std::string_view text, std::string_view function) {
    const Clock::time_point start = Clock::now();
    const actc::Kernel<float> kernel = actc::compile(text)[function].kernel<float>();
    const double milliseconds = nanoseconds(Clock::now() - start) / 1e6;
    return kernel.code_bytes() > 0 ? milliseconds : NAN;
  };
  fmt::print(out, "### Time to compile, forward and backward\n\n");
  fmt::print(out, "The engine and a first kernel: {:.1f} ms.\n\n",
             compile("first(x) = 2 * x + 1", "first"));
  fmt::print(out, "| ms | first | again (median of 9) |\n|---|---|---|\n");
  std::vector<double> cold;
  std::vector<double> warm;
  for (const UnaryKernel& kernel : avx2_kernels()) {
    // A text of its own, so that no built-in's earlier use counts.
    const std::string text = fmt::format("timed(x) = {}(x)", kernel.name);
    cold.push_back(compile(text, "timed"));
    std::vector<double> repeated(9);
    for (double& t : repeated) t = compile(text, "timed");
    warm.push_back(median(repeated));
    fmt::print(out, "| {} | {:.2f} | {:.2f} |\n", kernel.name, cold.back(), warm.back());
  }
  fmt::print(out, "| **geometric mean** | **{:.2f}** | **{:.2f}** |\n\n", geometric_mean(cold),
             geometric_mean(warm));
}

void print_call_costs(std::ostream& out, ActcKernels& actc) {
  fmt::print(out, "### A call at n = 8\n\n");
  fmt::print(out,
             "| ns | actc, bound | hand-written, by pointer | difference |\n|---|---|---|---|\n");
  const Data data(8);
  for (const UnaryKernel& kernel : avx2_kernels()) {
    const actc::BoundKernel<float>& bound = actc.get(kernel.name, false);
    const Forward volatile pointer = kernel.forward;
    constexpr int calls = 2000;
    // The loop over calls is inside what is timed, so that nothing but the call is repeated.
    const auto samples = in_turns({[&] {
                                     for (int k = 0; k < calls; ++k) {
                                       bound.forward(data.x(), data.out());
                                     }
                                   },
                                   [&] {
                                     for (int k = 0; k < calls; ++k) {
                                       pointer(data.x().data(), data.out().data(), data.size());
                                     }
                                   }},
                                  200);
    const double ours = minimum(samples[0]) / calls;
    const double theirs = minimum(samples[1]) / calls;
    fmt::print(out, "| {} | {:.1f} | {:.1f} | {:+.1f} |\n", kernel.name, ours, theirs,
               ours - theirs);
  }
  fmt::print(out, "\n");
}

}  // namespace bench
