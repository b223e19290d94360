// The engine as a guest in a process: memory given back, threads, order of destruction, large
// graphs on small stacks, failures as values.
#include <gtest/gtest.h>
#include <pthread.h>

#include <atomic>
#include <chrono>
#include <fstream>
#include <functional>
#include <optional>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "tests/jit_support.h"

namespace actc::test {
namespace {

constexpr Format f32 = Format::binary32;

// x · (1 + c₁x(1 + c₂x(…))), different for each seed.
Graph polynomial(int degree, int seed = 1) {
  Graph g;
  const NodeId x = g.input(0, f32);
  NodeId p = g.constant(1, f32);
  for (int k = 1; k <= degree; ++k) {
    p = g.node(Operation::Fma, f32, {p, x, g.constant(ir::Rational(seed, k + seed), f32)});
  }
  g.outputs = {p};
  return g;
}

std::size_t resident_bytes() {
  std::ifstream statm("/proc/self/statm");
  std::size_t all = 0;
  std::size_t resident = 0;
  statm >> all >> resident;
  return resident * static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
}

void expect_right(const jit::CompiledModule& module, const Graph& g) {
  std::vector<Bits> x;
  for (int i = 0; i < 100; ++i) x.push_back(ir::to_bits(static_cast<float>(i - 50) / 64));
  const auto results = run(module.kernel(0), f32, {x}, 1);
  for (std::size_t i = 0; i < x.size(); ++i) {
    ASSERT_EQ(results[0][i], ir::interpret(g, std::vector<Bits>{x[i]}, {})[0]);
  }
}

TEST(Engine, GivesTheMemoryOfUnloadedModulesBack) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "sanitizers keep freed memory back";
#endif
  jit::Engine engine;
  std::size_t after_100 = 0;
  for (int k = 0; k < 2000; ++k) {
    const Graph g = polynomial(2, k + 1);
    jit::ModuleSpec spec = module_of(g, f32);
    spec.target.optimize = k % 2 == 0;
    engine.compile(spec);
    if (k == 100) after_100 = resident_bytes();
  }
  // A leak of a page a module would be 7.6 MB; malloc's own slack is a few hundred kilobytes.
  EXPECT_LT(resident_bytes(), after_100 + (std::size_t{2} << 20));
}

TEST(Engine, CompilesAndRunsOnEightThreadsAtOnce) {
  jit::Engine engine;
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&engine, t] {
      for (int k = 0; k < 12; ++k) {
        const Graph g = polynomial(3 + k % 3, 1 + t * 100 + k);
        jit::ModuleSpec spec = module_of(g, f32);
        spec.target = {k % 2 == 0 ? jit::Isa::host : jit::Isa::avx2, k % 3 != 0};
        expect_right(engine.compile(spec), g);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

TEST(Engine, MayBeDestroyedBeforeItsModules) {
  const Graph g = polynomial(4);
  std::optional<jit::Engine> engine(std::in_place);
  const jit::CompiledModule module = engine->compile(module_of(g, f32));
  jit::CompiledModule copy = module;
  engine.reset();
  expect_right(module, g);
  copy = {};
  expect_right(module, g);
}

TEST(Engine, LivesBesideAnother) {
  const Graph g = polynomial(4);
  jit::Engine first;
  const auto module = first.compile(module_of(g, f32));
  {
    jit::Engine second;
    expect_right(second.compile(module_of(g, f32)), g);
  }
  expect_right(module, g);
}

TEST(Engine, NeverHasPagesWritableAndExecutable) {
  jit::Engine engine;
  const Graph g = polynomial(4);
  const auto module = engine.compile(module_of(g, f32));
  const auto address = reinterpret_cast<std::uintptr_t>(module.kernel(0));
  std::ifstream maps("/proc/self/maps");
  bool found = false;
  for (std::string line; std::getline(maps, line);) {
    std::uintptr_t first = 0;
    std::uintptr_t last = 0;
    char dash = 0;
    std::string rights;
    std::istringstream(line) >> std::hex >> first >> dash >> last >> rights;
    EXPECT_FALSE(rights.find('w') != std::string::npos && rights.find('x') != std::string::npos)
        << line;
    if (address < first || address >= last) continue;
    found = true;
    EXPECT_EQ(rights.substr(0, 3), "r-x") << line;
  }
  EXPECT_TRUE(found);
}

TEST(Engine, SaysWhatItCompilesForAndShowsIt) {
  jit::Engine engine;
  EXPECT_NE(engine.target_description({}).find(" x binary32"), std::string::npos);
  EXPECT_EQ(engine.target_description({jit::Isa::avx2, true}), "x86-64-v3, 8 x binary32");
  const Graph g = polynomial(4);
  EXPECT_NE(engine.llvm_ir(module_of(g, f32)).find("llvm.fma.v"), std::string::npos);
  const std::string assembly = engine.assembly(module_of(g, f32, {jit::Isa::avx2, true}));
  EXPECT_NE(assembly.find("vfmadd"), std::string::npos);
  EXPECT_EQ(assembly.find("zmm"), std::string::npos);
  EXPECT_EQ(assembly.find("call"), std::string::npos);
}

TEST(Engine, CountsTheBytesOfAModule) {
  jit::Engine engine;
  const Graph small = polynomial(1);
  const Graph large = polynomial(60);
  const std::size_t bytes = engine.compile(module_of(small, f32)).code_bytes();
  EXPECT_GT(bytes, 100U);
  EXPECT_GT(engine.compile(module_of(large, f32)).code_bytes(), bytes);
}

// Runs on a thread with a stack of 1 MiB.
void on_small_stack(std::function<void()> work) {
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, std::size_t{1} << 20);
  pthread_t thread;
  const auto start = [](void* p) -> void* {
    (*static_cast<std::function<void()>*>(p))();
    return nullptr;
  };
  ASSERT_EQ(pthread_create(&thread, &attributes, start, &work), 0);
  pthread_join(thread, nullptr);
  pthread_attr_destroy(&attributes);
}

// Shapes that are hard on one part of LLVM or another.
Graph chain(std::size_t nodes) {  // each waits for the last
  Graph g;
  const NodeId x = g.input(0, f32);
  NodeId value = x;
  while (g.size() < nodes) {
    value = g.node(g.size() % 2 == 0 ? Operation::Add : Operation::Mul, f32, {value, x});
  }
  g.outputs = {value};
  return g;
}
Graph nested_where(std::size_t nodes) {  // a thousand selections deep, and more
  Graph g;
  const NodeId x = g.input(0, f32);
  NodeId value = x;
  for (int k = 0; g.size() + 5 < nodes; ++k) {
    const NodeId c = g.node(Operation::Less, Format::boolean, {x, g.constant(k, f32)});
    value = g.node(Operation::Where, f32,
                   {c, g.node(Operation::Mul, f32, {x, g.constant(3 * k + 1, f32)}), value});
  }
  g.outputs = {value};
  return g;
}
Graph all_alive(std::size_t nodes) {  // half of the nodes wait in registers for the other half
  Graph g;
  const NodeId x = g.input(0, f32);
  std::vector<NodeId> values = {x};
  while (g.size() < nodes * 2 / 3) {
    const auto k = static_cast<int>(values.size());
    const NodeId c = g.constant(ir::Rational(k, k + 1), f32);
    values.push_back(g.node(Operation::Mul, f32, {values.back(), c}));
  }
  NodeId sum = x;
  for (std::size_t k = values.size(); k-- > 0;) {
    sum = g.node(Operation::Add, f32, {sum, values[k]});
  }
  g.outputs = {sum};
  return g;
}

TEST(Engine, CompilesTheLargestGraphsOnASmallStack) {
  for (const auto& shape : {chain, nested_where, all_alive}) {
    for (const std::size_t nodes : {1000UL, 2500UL, 3500UL, Graph::max_nodes}) {
      for (const jit::Isa isa : {jit::Isa::host, jit::Isa::avx2}) {
        on_small_stack([&] {
          const Graph g = shape(nodes);
          jit::Engine engine;
          const auto start = std::chrono::steady_clock::now();
          const auto module = engine.compile(module_of(g, f32, {isa, true}));
          const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
          EXPECT_LT(took.count(), 2) << nodes << " nodes";
          expect_right(module, g);
        });
      }
    }
  }
  EXPECT_LT(resident_bytes(), std::size_t{1} << 30);
}

}  // namespace
}  // namespace actc::test
