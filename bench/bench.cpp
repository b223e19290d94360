// actc_bench: actc beside hand-written AVX2, copies and the peers whose modules were built.
//
//   actc_bench --assembly=FUNCTION/DIRECTION[/avx2 | /bf16]      of actc's kernel as it is measured
//   actc_bench [Google Benchmark's options]
//   actc_bench --json [--rounds=N] [--only=PREFIX] [--what=machine,speed,types,...]
//                                              lines of JSON, measured in turns, for scripts/bench
//   actc_bench --json --what=threads           the same of two threads, bound to no processor
#include <benchmark/benchmark.h>
#include <fmt/core.h>

#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <memory>
#include <string>
#include <string_view>

#include "bench/contenders.h"
#include "bench/errors.h"
#include "bench/machine.h"
#include "bench/measure.h"

namespace {

using bench::Contender;
using bench::Direction;
using bench::Type;

constexpr std::size_t in_cache = 32768;  // the second level
constexpr std::size_t in_memory = std::size_t{16} << 20;
constexpr std::size_t all_sizes[] = {1024, in_cache, std::size_t{1} << 20, in_memory};

struct Request {
  bool json = false;
  std::string_view assembly;
  bench::Effort effort;
  std::string_view what = "machine,code,prepare,call,speed,types,math,errors";
};

Request parse(int argc, char** argv) {
  Request request;
  for (int k = 1; k < argc; ++k) {
    const std::string_view argument = argv[k];
    if (argument == "--json") {
      request.json = true;
    } else if (argument.starts_with("--assembly=")) {
      request.assembly = argument.substr(11);
    } else if (argument.starts_with("--rounds=")) {
      const std::string_view digits = argument.substr(9);
      std::from_chars(digits.data(), digits.data() + digits.size(), request.effort.rounds);
    } else if (argument.starts_with("--only=")) {
      request.effort.only = argument.substr(7);
    } else if (argument.starts_with("--what=")) {
      request.what = argument.substr(7);
    }
  }
  return request;
}

void print_assembly(std::string_view which) {
  const std::string function(which.substr(0, which.find('/')));
  const bool backward = which.find("/backward") != std::string_view::npos;
  const std::string text =
      bench::assembly(function.c_str(), backward ? Direction::backward : Direction::forward,
                      which.ends_with("/bf16") ? Type::bf16 : Type::f32, which.ends_with("/avx2"));
  std::fputs(text.c_str(), stdout);
}

void print_json(const Request& request, const std::vector<Contender>& all) {
  const auto wanted = [&](std::string_view part) {
    return request.what.find(part) != std::string_view::npos;
  };
  const bench::Effort& effort = request.effort;
  for (const Contender& c : all)
    fmt::print(R"({{"kind": "contender", "name": "{}"}})"
               "\n",
               c.name);
  const std::vector<Direction> forward = {Direction::forward};
  const std::vector<Direction> two = {Direction::forward, Direction::backward};
  const std::vector<Direction> three = {Direction::forward, Direction::backward, Direction::both};
  if (wanted("machine")) bench::print_machine();
  if (wanted("code")) bench::print_code_bytes(effort);
  if (wanted("prepare")) bench::print_preparations(effort, all);
  if (wanted("call")) bench::print_calls(effort);
  if (wanted("speed")) {
    bench::print_speeds({bench::activations_and_others(),
                         {Type::f32},
                         {std::begin(all_sizes), std::end(all_sizes)},
                         three},
                        effort, all);
  }
  if (wanted("types")) {
    bench::print_speeds(
        {bench::activations(), {Type::f64, Type::bf16, Type::f16}, {in_cache, in_memory}, two},
        effort, all);
  }
  if (wanted("math")) {
    bench::print_speeds({bench::mathematical_functions(), {Type::f32}, {in_cache}, forward}, effort,
                        all);
  }
  if (wanted("errors")) bench::print_errors(effort, all);
}

// One benchmark for each contender, function, direction and size in binary32. A name stands for a
// pair that may not be offered; then it is skipped when it is run.
void register_all(const std::vector<Contender>& all) {
  const auto data = std::make_shared<std::unique_ptr<bench::Data>>();  // one size at a time
  for (const std::size_t n : all_sizes) {
    for (const Direction direction : {Direction::forward, Direction::backward}) {
      for (const char* function : bench::activations_and_others()) {
        for (const Contender& contender : all) {
          const std::string name =
              fmt::format("{}/{}/{}/{}", bench::name(direction), function, n, contender.name);
          benchmark::RegisterBenchmark(name.c_str(), [=](benchmark::State& state) {
            if (*data == nullptr || (*data)->size() != n) {
              data->reset();
              *data = std::make_unique<bench::Data>(Type::f32, n);
            }
            const bench::Run run = contender.offer((*data)->job(function, direction));
            if (!run) return state.SkipWithError("not offered");
            for (auto _ : state) {
              run();
              benchmark::ClobberMemory();
            }
            state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(n));
          });
        }
      }
    }
  }
}

}  // namespace

int main(int argc, char** argv) try {
  const Request request = parse(argc, argv);
  if (!request.assembly.empty()) {
    print_assembly(request.assembly);
    return 0;
  }
  if (request.json && request.what == "threads") {
    bench::print_threads(request.effort);
    return 0;
  }
  bench::pin_to_one_processor();
  for (const char* threads : {"OMP_NUM_THREADS", "MKL_NUM_THREADS", "HL_NUM_THREADS"}) {
    setenv(threads, "1", 1);  // before a peer's library starts threads
  }
  const std::vector<Contender> all = bench::all_contenders();
  if (request.json) {
    print_json(request, all);
    return 0;
  }
  register_all(all);
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  benchmark::RunSpecifiedBenchmarks();
  return 0;
} catch (const std::exception& error) {
  std::fprintf(stderr, "actc_bench: %s\n", error.what());
  return 1;
}
