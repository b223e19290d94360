// Kernels from a cache: the same bits, without a stage of compilation; and always a right kernel,
// whatever lies in the cache.
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <filesystem>
#include <random>
#include <set>
#include <thread>

#include "runtime/actc.h"
#include "runtime/code.h"
#include "tests/run_program.h"

namespace actc {
namespace {

namespace fs = std::filesystem;
using actc::testing::file_content;
using actc::testing::TemporaryFolder;
using actc::testing::write_file;

constexpr std::size_t n = 203;

// All that a kernel computes, as bytes.
template <class T>
std::string results(const Kernel<T>& kernel, const Parameters& parameters = {}) {
  std::vector<T> x(n), dy(n), y(n), dx(n);
  for (std::size_t i = 0; i < n; ++i) {
    x[i] = static_cast<T>(-6 + 12 * static_cast<float>(i) / n);
    dy[i] = static_cast<T>(1 + static_cast<float>(i % 3));
  }
  const auto bound = kernel.bind(parameters).seeded(7);
  bound.forward(x, y);
  bound.backward(x, dy, dx);
  std::string bytes;
  for (const auto* array : {&y, &dx}) {
    bytes.append(reinterpret_cast<const char*>(array->data()), n * sizeof(T));
  }
  return bytes;
}

class Cache : public ::testing::Test {
 protected:
  // As a process has that starts now.
  KernelCache open() const { return KernelCache({.directory = folder_ / "kernels"}); }
  std::vector<fs::path> entries() const {
    std::vector<fs::path> files;
    for (const auto& file : fs::directory_iterator(folder_ / "kernels")) {
      if (file.path().extension() == ".kernel") files.push_back(file.path());
    }
    return files;
  }

  TemporaryFolder folder_;
};

TEST_F(Cache, IsOffByDefault) {
  EXPECT_FALSE(KernelOptions{}.cache);
  EXPECT_EQ(KernelCache().contents().entries, 0u);
  EXPECT_EQ(KernelCache().clear().entries, 0u);
  EXPECT_EQ(KernelCache().directory(), fs::path());
  EXPECT_EQ(KernelCache().statistics().compiled, 0u);
}

TEST_F(Cache, HasTheBitsOfWhatIsCompiledAndCompilesNothing) {
  const auto same = [&]<class T>(const Function& f, KernelOptions options, const Parameters& p) {
    const std::string compiled = results(f.kernel<T>(options), p);
    for (const std::uint64_t found : {0, 1}) {
      options.cache = open();
      EXPECT_EQ(results(f.kernel<T>(options), p), compiled) << f.name();
      EXPECT_EQ(options.cache.statistics().found, found) << f.name();
      EXPECT_EQ(options.cache.statistics().compiled, 1 - found) << f.name();
      EXPECT_EQ(options.cache.statistics().stored, 1 - found) << f.name();
      EXPECT_EQ(options.cache.statistics().rejected, 0u) << f.name();
    }
  };
  for (const char* name : {"relu", "gelu", "mish", "softmax", "dropout"}) {
    same.operator()<float>(builtin(name), {}, {});
  }
  same.operator()<double>(builtin("silu"), {}, {});
  same.operator()<bfloat16>(builtin("gelu"), {}, {});
  const Function own = compile("f(x; a, learn b = 2) = a * tanh(b * x)").entry();
  same.operator()<float>(own, {.fused = true}, {{"a", 3.0}});
  same.operator()<float>(own, {.learned = true}, {{"a", 3.0}});
  same.operator()<float>(own, {.fixed = {{"a", 3.0}}}, {{"b", 1.0}});
  EXPECT_EQ(open().contents().entries, 10u);
  EXPECT_EQ(entries().size(), 10u);
}

TEST_F(Cache, KnowsWhatTheStagesSaid) {
  for (int round = 0; round < 2; ++round) {
    // A value of the row.
    std::vector<float> x = {1, 2, 3}, y(1), dx(3);
    const auto sum = compile("sum(x * x)").entry().kernel<float>({.cache = open()});
    sum.forward(x, y);
    EXPECT_EQ(y[0], 14);
    EXPECT_THROW(sum.forward(x, x), Error);
    // A parameter that must be positive for the gradient to be one of y.
    const auto elu = builtin("elu").kernel<float>({.saved = Saved::y, .cache = open()});
    EXPECT_THROW(elu.bind({{"alpha", -1.0}}), Error);
    // Names.
    const auto fixed = builtin("elu").kernel<float>({.fixed = {{"alpha", 2.0}}, .cache = open()});
    EXPECT_THROW(fixed.bind({{"alpha", 1.0}}), Error);
    const auto learned = builtin("prelu").kernel<float>({.learned = true, .cache = open()});
    std::vector<float> ones(3, 1);
    double da = 0;
    learned.bind({{"a", 0.5}}).backward(std::vector<float>{-1, -2, 3}, ones, dx, {&da, 1});
    EXPECT_EQ(da, -3);
  }
  EXPECT_EQ(open().contents().entries, 4u);
}

TEST_F(Cache, HasTheFormsThatCallsNeed) {
  std::vector<float> a(12, 2), b(4, 3), y(12);
  const std::size_t whole[] = {3, 4}, row[] = {4}, column[] = {3, 1};
  for (const bool again : {false, true}) {
    const KernelCache cache = open();
    const auto product = compile("f(a, b) = a * b").entry().kernel<float>({.cache = cache}).bind();
    const View<const float> inputs[] = {{a.data(), whole}, {b.data(), row}};
    product.forward(inputs, View<float>(y.data(), whole));
    EXPECT_EQ(y, std::vector<float>(12, 6));
    const View<const float> others[] = {{a.data(), whole}, {b.data(), column}};
    product.forward(others, View<float>(y.data(), whole));
    EXPECT_EQ(cache.statistics().found, again ? 3u : 0u);
    EXPECT_EQ(cache.statistics().compiled, again ? 0u : 3u);
  }
}

TEST_F(Cache, KeepsNoErrors) {
  const Function f = compile("f(a, b) = sum(a) + sum(b)").entry();
  for (int round = 0; round < 2; ++round) {
    const KernelCache cache = open();
    EXPECT_THROW(f.kernel<float>({.fixed = {{"c", 1.0}}, .cache = cache}), Error);
    EXPECT_THROW(f.kernel<float>({.saved = Saved::y, .cache = cache}), Error);
    EXPECT_EQ(cache.statistics().found, 0u);
    EXPECT_EQ(cache.statistics().stored, 0u);
  }
}

TEST_F(Cache, HasAKeyForAllThatDecidesTheCode) {
  using detail::CodeRequest;
  const Module text = compile("f(x; a = 1, b = 2) = a * tanh(b * x)\ng(x; a = 1) = a * x");
  std::vector<jit::Digest> keys;
  const auto add = [&](const Function& f, const KernelOptions& options = {},
                       detail::ArrayTypes types = {jit::Storage::binary32, jit::Storage::binary32},
                       std::vector<ir::Shape> shapes = {},
                       jit::LanesAre lanes = jit::LanesAre::columns) {
    const detail::ModuleState& module = detail::ModuleState::of(f);
    const CodeRequest request{.module = module,
                              .id = *module.library->find(f.name()),
                              .types = types,
                              .options = options,
                              .shapes = shapes,
                              .lanes = lanes};
    keys.push_back(detail::key_of(request));
    EXPECT_EQ(keys.back(), detail::key_of(request));
  };
  const Function f = text["f"];
  add(f);
  // The text, wherever it differs; another definition of it; and what it stands on.
  add(text["g"]);
  add(compile("f(x; a = 1, b = 2) = a * tanh(b * x)\ng(x; a = 1) = a * x ")["f"]);
  add(compile("f(x; a = 1, b = 3) = a * tanh(b * x)\ng(x; a = 1) = a * x")["f"]);
  for (const Convention c : {Convention::jax, Convention::tensorflow, Convention::onednn}) {
    add(compile("f(x; a = 1, b = 2) = a * tanh(b * x)\ng(x; a = 1) = a * x", c)["f"]);
    add(builtin("relu", c));
  }
  add(builtin("relu"));
  add(builtin("gelu"));
  // Options.
  add(f, {.forward = false});
  add(f, {.backward = false});
  add(f, {.fused = true});
  add(f, {.learned = true});
  for (const Saved s : {Saved::x, Saved::y, Saved::mask, Saved::nothing}) add(f, {.saved = s});
  add(f, {.as_inputs = {"a"}});
  add(f, {.as_inputs = {"b"}});
  add(f, {.as_inputs = {"a", "b"}});
  add(f, {.as_inputs = {"b", "a"}});
  add(f, {.fixed = {{"a", 0.0}}});
  add(f, {.fixed = {{"a", -0.0}}});
  add(f, {.fixed = {{"b", 0.0}}});
  add(f, {.fixed = {{"a", 0.0}, {"b", 0.0}}});
  add(f, {.stabilize = false});
  add(f, {.optimize = false});
  // Element types, shapes, where rows lie.
  using jit::Storage;
  add(f, {}, {Storage::binary64, Storage::binary64});
  add(f, {}, {Storage::bfloat16, Storage::binary32});
  add(f, {}, {Storage::binary32, Storage::bfloat16});
  add(f, {}, {Storage::binary16, Storage::binary16});
  add(f, {}, {Storage::binary32, Storage::binary32}, {ir::Shape::row});
  add(f, {}, {Storage::binary32, Storage::binary32}, {ir::Shape::column});
  add(f, {}, {Storage::binary32, Storage::binary32}, {ir::Shape::column, ir::Shape::row});
  add(f, {}, {Storage::binary32, Storage::binary32}, {}, jit::LanesAre::rows);
  const std::set<jit::Digest> different(keys.begin(), keys.end());
  EXPECT_EQ(different.size(), keys.size());
  // Where kernels are kept decides nothing.
  add(f, {.cache = open()});
  EXPECT_EQ(keys.back(), keys.front());
}

TEST_F(Cache, HasAKeyForTheProcessor) {
  std::set<std::string> identities;
  std::size_t kinds = 0;
  for (const jit::Isa isa : {jit::Isa::host, jit::Isa::avx2, jit::Isa::fma}) {
    try {
      const std::string identity = detail::engine().identity({.isa = isa});
      EXPECT_EQ(identity.rfind("LLVM ", 0), 0u) << identity;
      identities.insert(identity);
      ++kinds;
    } catch (const jit::CompileFailure& failure) {
      EXPECT_NE(failure.message.find("this processor"), std::string::npos) << failure.message;
    }
  }
  EXPECT_EQ(identities.size(), kinds);
  EXPECT_NE(detail::build_identity().find(std::string(version())), std::string_view::npos);
}

TEST_F(Cache, TakesNothingFromAnotherBuildOrProcessor) {
  // Their entries have other keys: such a file under this key's name.
  const Function f = builtin("gelu");
  const std::string right = results(f.kernel<float>({.cache = open()}));
  const fs::path file = entries().at(0);
  builtin("relu").kernel<float>({.cache = open()});
  for (const fs::path& other : entries()) {
    if (other != file) fs::rename(other, file);
  }
  const KernelCache cache = open();
  EXPECT_EQ(results(f.kernel<float>({.cache = cache})), right);
  EXPECT_EQ(cache.statistics().rejected, 1u);
}

TEST_F(Cache, ReplacesWhatIsDamagedByARightKernel) {
  const Function f = compile("x * tanh(x)").entry();
  const std::string right = results(f.kernel<float>({.cache = open()}));
  const fs::path file = entries().at(0);
  const std::string good = file_content(file);
  std::vector<std::string> damaged = {"", "x", std::string(good.size(), '\0'), good + "x",
                                      good + good};
  std::mt19937 random(1);
  for (std::size_t k = 0; k < 12; ++k) {
    damaged.push_back(good.substr(0, random() % good.size()));
    damaged.push_back(good);
    damaged.back()[random() % good.size()] ^= static_cast<char>(1 << (random() % 8));
    damaged.push_back(good);
    for (int changes = 0; changes < 9; ++changes) {
      damaged.back()[random() % good.size()] = static_cast<char>(random());
    }
  }
  for (const std::string& bytes : damaged) {
    write_file(file, bytes);
    const KernelCache cache = open();
    EXPECT_EQ(results(f.kernel<float>({.cache = cache})), right);
    EXPECT_EQ(cache.statistics().rejected, 1u);
    EXPECT_EQ(cache.statistics().stored, 1u);
    EXPECT_EQ(results(f.kernel<float>({.cache = cache})), right);
    EXPECT_EQ(cache.statistics().found, 1u);
    EXPECT_EQ(file_content(file), good);
  }
}

// Whole, and under its own key, but not what was compiled.
TEST_F(Cache, RejectsFactsAndObjectsThatCannotBe) {
  const Function f = compile("f(x; a = 1) = a * x * tanh(x)").entry();
  const std::string right = results(f.kernel<float>({.cache = open()}));
  const fs::path file = entries().at(0);
  const detail::ModuleState& module = detail::ModuleState::of(f);
  const KernelOptions options;
  const jit::Digest key = detail::key_of({.module = module,
                                          .id = *module.library->find("f"),
                                          .types = {jit::Storage::binary32, jit::Storage::binary32},
                                          .options = options});
  const auto good = jit::from_file(file_content(file), key);
  ASSERT_TRUE(good);
  // One kernel where two belong; one that calls; none.
  f.kernel<float>({.backward = false, .cache = KernelCache({.directory = folder_ / "one"})});
  std::string one;
  for (const auto& other : fs::directory_iterator(folder_ / "one")) {
    if (other.path().extension() != ".kernel") continue;
    const std::string bytes = file_content(other.path());
    one = bytes.substr(56, bytes.size() - 56 - 32).substr(good->facts.size());
  }
  ASSERT_EQ(one.substr(1, 3), "ELF");
  std::vector<jit::CacheEntry> hostile;
  for (const std::string& object :
       {one, std::string(),
        std::string("\x7f"
                    "ELF"),
        std::string(good->object.size(), '\xff'), good->object.substr(0, 64),
        good->object.substr(0, good->object.size() / 2),
        good->object.substr(0, good->object.size() - 1)}) {
    hostile.push_back({good->facts, object});
  }
  for (std::size_t length = 0; length < good->facts.size(); ++length) {
    hostile.push_back({good->facts.substr(0, length), good->object});
  }
  for (const std::size_t byte : {0, 7, 8, 15, 16, 23}) {
    hostile.push_back(*good);
    hostile.back().facts[byte] = '\x7f';
  }
  hostile.push_back({good->facts + std::string(8, '\1'), good->object});
  for (const jit::CacheEntry& entry : hostile) {
    write_file(file, jit::to_file(key, entry));
    const KernelCache cache = open();
    EXPECT_EQ(results(f.kernel<float>({.cache = cache})), right);
    EXPECT_EQ(cache.statistics().rejected, 1u);
    EXPECT_EQ(jit::from_file(file_content(file), key)->object, good->object);
  }
}

TEST(CodeFacts, AreReadAsTheyWereWritten) {
  for (const detail::CodeFacts& facts :
       {detail::CodeFacts{}, detail::CodeFacts{.over_rows = true, .value_shape = ir::Shape::row},
        detail::CodeFacts{.random = true, .positive = {0, 2}}}) {
    const std::string bytes = to_bytes(facts);
    EXPECT_EQ(detail::facts_from(bytes, 3), facts);
    for (std::size_t length = 0; length < bytes.size(); ++length) {
      // But that fewer parameters are positive, a shorter text says nothing.
      const auto found = detail::facts_from(bytes.substr(0, length), 3);
      EXPECT_EQ(found.has_value(), length >= 24 && length % 8 == 0) << length;
    }
  }
  EXPECT_FALSE(detail::facts_from(detail::to_bytes({.positive = {2}}), 2));
}

TEST_F(Cache, ThatCannotBeUsedCostsNoKernelAndIsReportedOnce) {
  const Function f = builtin("gelu");
  const std::string right = results(f.kernel<float>());
  std::vector<std::string> reports;
  const KernelCache cache({.directory = "/dev/null/kernels",
                           .report = [&](std::string_view why) { reports.emplace_back(why); }});
  for (int k = 0; k < 3; ++k) EXPECT_EQ(results(f.kernel<float>({.cache = cache})), right);
  EXPECT_EQ(cache.statistics().compiled, 3u);
  EXPECT_EQ(cache.statistics().stored, 0u);
  ASSERT_EQ(reports.size(), 1u);
  EXPECT_NE(reports[0].find("/dev/null/kernels is not used"), std::string::npos) << reports[0];
}

TEST_F(Cache, IsLimitedInSize) {
  const KernelCache cache({.directory = folder_ / "kernels", .max_bytes = 30'000});
  for (int k = 0; k < 12; ++k) {
    compile("x * tanh(" + std::to_string(k) + " * x)").entry().kernel<float>({.cache = cache});
    EXPECT_LE(cache.contents().bytes, 30'000 + 30'000 / 8);
  }
  EXPECT_EQ(cache.statistics().stored, 12u);
  EXPECT_LT(cache.contents().entries, 12u);
  EXPECT_GT(cache.contents().entries, 0u);
}

TEST_F(Cache, ServesManyProcessesAtOnce) {
  const char* names[] = {"relu", "gelu", "mish", "elu", "softplus"};
  std::vector<pid_t> children;
  for (int p = 0; p < 8; ++p) {
    children.push_back(::fork());
    if (children.back() != 0) continue;
    const KernelCache cache = open();
    bool good = true;
    for (const char* name : names) {
      const Function f = builtin(name);
      const std::string cached = results(f.kernel<float>({.cache = cache}));
      good = good && cached == results(f.kernel<float>());
    }
    const CacheStatistics s = cache.statistics();
    good = good && s.found + s.stored == 5 && s.rejected == 0;
    ::_exit(good ? 0 : 1);
  }
  for (const pid_t child : children) {
    int status = 0;
    ::waitpid(child, &status, 0);
    EXPECT_EQ(status, 0);
  }
  const KernelCache cache = open();
  for (const char* name : names) builtin(name).kernel<float>({.cache = cache});
  EXPECT_EQ(cache.statistics().found, 5u);
  EXPECT_EQ(entries().size(), 5u);
}

TEST_F(Cache, ServesManyThreadsAtOnce) {
  const std::string right = results(builtin("gelu").kernel<float>());
  const KernelCache cache = open();
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 8; ++t) {
      threads.emplace_back([&] {
        for (int k = 0; k < 4; ++k) {
          EXPECT_EQ(results(builtin("gelu").kernel<float>({.cache = cache})), right);
        }
      });
    }
  }
  const CacheStatistics s = cache.statistics();
  EXPECT_EQ(s.found + s.compiled, 32u);
  EXPECT_EQ(s.rejected, 0u);
}

}  // namespace
}  // namespace actc
