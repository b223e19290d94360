#include "bench/measure.h"

#include <fmt/core.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <optional>
#include <string_view>
#include <thread>

#include "bench/kernels.h"
#include "bench/machine.h"
#include "bench/turns.h"

namespace bench {
namespace {

constexpr std::array names = {"relu",         "leaky_relu", "hard_swish", "sigmoid",
                              "tanh",         "elu",        "softplus",   "silu",
                              "mish",         "gelu_tanh",  "gelu",       "exp",
                              "sigmoid_fast", "tanh_fast",  "mish_fast",  "gelu_fast"};
constexpr std::size_t eleven = 11;

constexpr std::array math_names = {
    "exp",     "exp2",     "expm1",       "log",     "log2",    "log10",  "log1p", "sin",
    "cos",     "tanh",     "sinh",        "cosh",    "atan",    "erf",    "erfc",  "rsqrt",
    "sigmoid", "log1pexp", "log_sigmoid", "logcosh", "normcdf", "normpdf"};

bool wants_positive(std::string_view f) {
  return f == "rsqrt" || f == "log" || f == "log2" || f == "log10" || f == "log1p";
}

bool is_wanted(const Effort& effort, std::string_view function) {
  return function.starts_with(effort.only);
}

std::string times_as_json(std::span<const std::string> who,
                          std::span<const std::vector<double>> samples) {
  std::string text;
  for (std::size_t k = 0; k < who.size(); ++k) {
    text += fmt::format("{}\"{}\": [{:.5g}, {:.5g}, {:.5g}, {:.5g}]", k > 0 ? ", " : "", who[k],
                        minimum(samples[k]), quantile(samples[k], 0.25), median(samples[k]),
                        quantile(samples[k], 0.75));
  }
  return text;
}

int rounds_for(const Effort& effort, std::size_t n) {
  const int divisor = n >= std::size_t{16} << 20 ? 4 : n >= std::size_t{1} << 20 ? 2 : 1;
  return std::max(3, effort.rounds / divisor);
}

// `in_binary32`: data of the same size for actc's kernel in binary32, which then takes turns with
// those of another type.
void print_speed(const Data& data, const Data* in_binary32, const char* function,
                 Direction direction, Type type, const Effort& effort,
                 std::span<const Contender> all) {
  std::vector<std::string> who;
  std::vector<Run> runs;
  const auto add = [&](const Contender& contender, const Data& its_data, const char* suffix) {
    if (Run run = contender.offer(its_data.job(function, direction))) {
      who.push_back(contender.name + suffix);
      runs.push_back(std::move(run));
    }
  };
  for (const Contender& contender : all) {
    if (in_binary32 != nullptr && contender.name == actc_name) {
      add(contender, *in_binary32, ", f32");
    }
    add(contender, data, "");
  }
  runs.emplace_back(run_clock);  // in turns with the others, since the clock drifts
  auto samples = in_turns(runs, rounds_for(effort, data.size()));
  const double cycle = median(samples.back()) / cycles_of_clock;
  fmt::print(R"({{"kind": "speed", "function": "{}", "direction": "{}", "type": "{}", "n": {}, )"
             R"("cycle": {:.5g}, "times": {{{}}}}})"
             "\n",
             function, name(direction), name(type), data.size(), cycle,
             times_as_json(who, std::span(samples).first(who.size())));
  std::fflush(stdout);
}

}  // namespace

std::span<const char* const> activations() { return std::span(names).first(eleven); }
std::span<const char* const> activations_and_others() { return names; }
std::span<const char* const> mathematical_functions() { return math_names; }

void print_speeds(const Speeds& speeds, const Effort& effort, std::span<const Contender> all) {
  for (const Type type : speeds.types) {
    for (const std::size_t n : speeds.sizes) {
      for (const Draw draw : {Draw::normal, Draw::positive}) {
        const auto drawn_so = [&](const char* f) {
          return is_wanted(effort, f) && wants_positive(f) == (draw == Draw::positive);
        };
        if (std::ranges::none_of(speeds.functions, drawn_so)) continue;
        const Data data(type, n, draw);
        std::optional<Data> in_binary32;
        if (type != Type::f32) in_binary32.emplace(Type::f32, n, draw);
        for (const Direction direction : speeds.directions) {
          for (const char* function : speeds.functions) {
            if (!drawn_so(function)) continue;
            print_speed(data, in_binary32 ? &*in_binary32 : nullptr, function, direction, type,
                        effort, all);
          }
        }
      }
    }
  }
}

void print_calls(const Effort& effort) {
  constexpr int calls = 2000;
  const Data data(Type::f32, 8);
  for (const char* function : names) {
    if (!is_wanted(effort, function)) continue;
    const Job job = data.job(function, Direction::forward);
    const auto hand_written = std::ranges::find(avx2_kernels(), function, &UnaryKernel::name);
    if (hand_written == avx2_kernels().end()) continue;
    const actc::BoundKernel<float> bound = forward_kernel(function);
    const Forward volatile pointer = hand_written->forward;
    const std::span<const float> x(static_cast<const float*>(job.x), job.n);
    const std::span<float> y(static_cast<float*>(job.y), job.n);
    // The loop over calls is inside what is timed, so that nothing but the call is repeated.
    auto samples = in_turns({[&] {
                               for (int k = 0; k < calls; ++k) bound.forward(x, y);
                             },
                             [&] {
                               for (int k = 0; k < calls; ++k) pointer(x.data(), y.data(), job.n);
                             }},
                            4 * effort.rounds);
    for (auto& of_one : samples) {
      for (double& t : of_one) t /= calls;
    }
    const std::array<std::string, 2> who = {actc_name, hand_written_name};
    fmt::print(R"({{"kind": "call", "function": "{}", "times": {{{}}}}})"
               "\n",
               function, times_as_json(who, samples));
    std::fflush(stdout);
  }
}

void print_code_bytes(const Effort& effort) {
  for (const char* function : activations()) {
    if (!is_wanted(effort, function)) continue;
    fmt::print(R"({{"kind": "code", "function": "{}", "forward": {}, "backward": {}, "both": {}}})"
               "\n",
               function, code_bytes(function, Direction::forward),
               code_bytes(function, Direction::backward), code_bytes(function, Direction::both));
    std::fflush(stdout);
  }
}

void print_threads(const Effort& effort) {
  using Clock = std::chrono::steady_clock;
  const actc::BoundKernel<float> one = forward_kernel("gelu");
  const actc::BoundKernel<float> two = one.on(actc::threads(2));
  for (const std::size_t n : {std::size_t{131'072}, std::size_t{1} << 20, std::size_t{16} << 20}) {
    const Data data(Type::f32, n);
    const Job job = data.job("gelu", Direction::forward);
    const std::span<const float> x(static_cast<const float*>(job.x), n);
    const std::span<float> y(static_cast<float*>(job.y), n);
    const std::size_t calls = std::max<std::size_t>(1, (std::size_t{4} << 20) / n);
    std::array<std::vector<double>, 2> samples;
    for (int round = 0; round < rounds_for(effort, n); ++round) {
      for (std::size_t k = 0; k < samples.size(); ++k) {
        const actc::BoundKernel<float>& kernel = k == 0 ? one : two;
        kernel.forward(x, y);
        const auto start = Clock::now();
        for (std::size_t call = 0; call < calls; ++call) kernel.forward(x, y);
        const std::chrono::duration<double, std::nano> elapsed = Clock::now() - start;
        samples[k].push_back(elapsed.count() / static_cast<double>(calls));
      }
    }
    // What the other thread has used is known to the system a tick after it sleeps.
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    const double before = nanoseconds_used();
    std::this_thread::sleep_for(std::chrono::seconds(1));
    const double idle = (nanoseconds_used() - before) / 1e6;
    const std::array<std::string, 2> who = {"one", "two"};
    fmt::print(
        R"({{"kind": "threads", "function": "gelu", "n": {}, "times": {{{}}}, "idle": {:.3f}}})"
        "\n",
        n, times_as_json(who, samples), idle);
    std::fflush(stdout);
  }
}

void print_preparations(const Effort& effort, std::span<const Contender> all) {
  const Data data(Type::f32, 1024);
  for (const char* function : activations()) {
    if (!is_wanted(effort, function)) continue;
    const Job job = data.job(function, Direction::forward);
    std::string text;
    for (const Contender& contender : all) {
      std::vector<double> times;
      for (int k = 0; k < 6; ++k) {
        const double start = nanoseconds_used();
        if (!contender.offer(job)) break;
        times.push_back(nanoseconds_used() - start);
      }
      if (times.empty()) continue;
      text += fmt::format("{}\"{}\": [{:.5g}, {:.5g}]", text.empty() ? "" : ", ", contender.name,
                          times[0], median({times.begin() + 1, times.end()}));
    }
    fmt::print(R"({{"kind": "prepare", "function": "{}", "times": {{{}}}}})"
               "\n",
               function, text);
    std::fflush(stdout);
  }
}

}  // namespace bench
