// actc_bench: actc against hand-written AVX2, plain loops and memcpy.
//
//   actc_bench [Google Benchmark's options]
//   actc_bench --table [--rounds=N] [--what=compile,call,speed,math]   Markdown, measured in turns
#include <benchmark/benchmark.h>

#include <charconv>
#include <cstdio>
#include <exception>
#include <functional>
#include <iostream>
#include <memory>
#include <string>
#include <string_view>

#include "bench/contenders.h"
#include "bench/math_table.h"
#include "bench/table.h"

namespace {

using bench::ActcKernels;
using bench::Data;
using bench::Direction;
using bench::Who;

// What the registered benchmarks share: kernels compiled and data drawn when first needed, one size
// at a time.
struct Shared {
  ActcKernels actc;
  std::unique_ptr<Data> data;

  const Data& of_size(std::size_t n) {
    if (data == nullptr || data->size() != n) {
      data.reset();
      data = std::make_unique<Data>(n);
    }
    return *data;
  }
};

void register_speeds(const std::shared_ptr<Shared>& shared) {
  for (const std::size_t n : bench::sizes) {
    for (const Direction direction : bench::directions) {
      for (std::size_t function = 0; function < bench::avx2_kernels().size(); ++function) {
        for (const Who who : bench::everyone) {
          const std::string name = std::string(bench::name(direction)) + "/" +
                                   std::string(bench::avx2_kernels()[function].name) + "/" +
                                   std::to_string(n) + "/" + std::string(bench::name(who));
          benchmark::RegisterBenchmark(name.c_str(), [=](benchmark::State& state) {
            const Data& data = shared->of_size(n);
            const auto run = bench::contender(who, function, direction, data, shared->actc);
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

void register_calls(const std::shared_ptr<Shared>& shared) {
  for (const bench::UnaryKernel& kernel : bench::avx2_kernels()) {
    const std::string name = "call/" + std::string(kernel.name);
    benchmark::RegisterBenchmark((name + "/actc").c_str(), [=](benchmark::State& state) {
      const Data& data = shared->of_size(8);
      const actc::BoundKernel<float>& bound = shared->actc.get(kernel.name, false);
      for (auto _ : state) bound.forward(data.x(), data.out());
    });
    benchmark::RegisterBenchmark((name + "/hand-written").c_str(), [=](benchmark::State& state) {
      const Data& data = shared->of_size(8);
      const bench::Forward volatile pointer = kernel.forward;
      for (auto _ : state) pointer(data.x().data(), data.out().data(), data.size());
    });
  }
}

void register_compilations() {
  for (const bench::UnaryKernel& kernel : bench::avx2_kernels()) {
    const std::string name = "compile/" + std::string(kernel.name);
    benchmark::RegisterBenchmark(name.c_str(), [=](benchmark::State& state) {
      for (auto _ : state) {
        benchmark::DoNotOptimize(actc::builtin(kernel.name).kernel<float>().code_bytes());
      }
    })->Unit(benchmark::kMillisecond);
  }
}

struct TableRequest {
  bench::TableOptions options;
  std::string_view what = "compile,call,speed,math";
};

// Nothing but our own options may stand beside --table.
bool parse_table_request(int argc, char** argv, TableRequest& request) {
  bool table = false;
  for (int k = 1; k < argc; ++k) {
    const std::string_view argument = argv[k];
    if (argument == "--table" || argument == "--table=markdown") {
      table = true;
    } else if (argument.starts_with("--rounds=")) {
      const std::string_view digits = argument.substr(9);
      std::from_chars(digits.data(), digits.data() + digits.size(), request.options.rounds);
    } else if (argument.starts_with("--what=")) {
      request.what = argument.substr(7);
    }
  }
  return table;
}

void print_tables(const TableRequest& request) {
  const auto wanted = [&](std::string_view part) {
    return request.what.find(part) != std::string_view::npos;
  };
  if (wanted("compile")) bench::print_compile_times(std::cout);
  ActcKernels actc;
  if (wanted("call")) bench::print_call_costs(std::cout, actc);
  if (wanted("speed")) bench::print_speeds(std::cout, request.options, actc);
  if (wanted("math")) bench::print_math_speeds(std::cout, request.options.rounds, actc);
}

}  // namespace

int main(int argc, char** argv) {
  if (!bench::host_has_avx2()) {
    std::fputs("actc_bench: this processor has no AVX2 and FMA\n", stderr);
    return 1;
  }
  try {
    TableRequest request;
    if (parse_table_request(argc, argv, request)) {
      print_tables(request);
      return 0;
    }
    const auto shared = std::make_shared<Shared>();
    register_speeds(shared);
    register_calls(shared);
    register_compilations();
    benchmark::Initialize(&argc, argv);
    if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
    benchmark::RunSpecifiedBenchmarks();
  } catch (const std::exception& error) {
    std::fprintf(stderr, "actc_bench: %s\n", error.what());
    return 1;
  }
  return 0;
}
