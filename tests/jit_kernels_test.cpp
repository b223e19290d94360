// What a kernel does with its arrays: every length, alignment, stride, in place, and never a byte
// outside.
#include <gtest/gtest.h>

#include <vector>

#include "tests/jit_support.h"

namespace actc::test {
namespace {

// y = x·p / (1 + |x + w|), and w² as a second output: loads, a parameter, a division, two arrays.
Graph two_by_two(Format f) {
  Graph g;
  const NodeId x = g.input(0, f);
  const NodeId w = g.input(1, f);
  const NodeId sum = g.node(Operation::Add, f, {x, w});
  const NodeId bottom =
      g.node(Operation::Add, f, {g.constant(1, f), g.node(Operation::Abs, f, {sum})});
  const NodeId top = g.node(Operation::Mul, f, {x, g.parameter(0, f)});
  g.outputs = {g.node(Operation::Div, f, {top, bottom}), g.node(Operation::Mul, f, {w, w})};
  return g;
}

struct Setting {
  Format format;
  jit::Isa isa;
};

class Kernels : public testing::TestWithParam<Setting> {
 protected:
  Format format() const { return GetParam().format; }
  jit::Target target() const { return {GetParam().isa, true}; }
  std::int64_t size() const { return static_cast<std::int64_t>(size_of(format())); }

  Bits element(std::size_t i) const {
    return format() == Format::binary32 ? ir::to_bits(0.37F * static_cast<float>(i) - 20)
                                        : ir::to_bits(0.37 * static_cast<double>(i) - 20);
  }
  Bits parameter() const {
    return format() == Format::binary32 ? ir::to_bits(1.7F) : ir::to_bits(1.7);
  }
};

TEST_P(Kernels, TouchNothingOutsideTheirArraysWhateverTheLength) {
  const Graph g = two_by_two(format());
  jit::Engine engine;
  const auto module = engine.compile(module_of(g, format(), target(), 2));
  const std::vector<Bits> parameters = {parameter()};
  for (const auto flush : {GuardedBytes::Flush::begin, GuardedBytes::Flush::end}) {
    for (std::size_t n = 0; n <= 200; ++n) {
      std::vector<std::unique_ptr<GuardedBytes>> memory;
      for (int k = 0; k < 4; ++k) {
        memory.push_back(std::make_unique<GuardedBytes>(n * size_of(format()), flush));
      }
      const GuardedBytes values(size_of(format()), flush);
      put(values.data(), format(), parameters[0]);
      std::vector<actc_array> arrays;
      for (const auto& m : memory) {
        arrays.push_back({m->data(), static_cast<std::int64_t>(n) * size(), size()});
      }
      for (std::size_t i = 0; i < n; ++i) {
        const std::size_t at = i * size_of(format());
        put(memory[0]->data() + at, format(), element(i));
        put(memory[1]->data() + at, format(), element(i + 7));
      }
      const actc_call call{1, n, arrays.data(), arrays.data() + 2, values.data(), 0, 0, 0, 0, n};
      ASSERT_EQ(module.kernel(0)(&call), ACTC_OK);
      for (std::size_t i = 0; i < n; ++i) {
        const std::size_t at = i * size_of(format());
        const auto expected =
            ir::interpret(g, std::vector<Bits>{element(i), element(i + 7)}, parameters);
        ASSERT_EQ(get(memory[2]->data() + at, format()), expected[0]) << "n " << n << ", i " << i;
        ASSERT_EQ(get(memory[3]->data() + at, format()), expected[1]) << "n " << n << ", i " << i;
      }
    }
  }
}

TEST_P(Kernels, WriteNothingBesideTheirOutputs) {
  // Guard pages do not see a store that is merely too long inside a page.
  const Graph g = two_by_two(format());
  jit::Engine engine;
  const auto module = engine.compile(module_of(g, format(), target(), 2));
  const std::vector<Bits> parameters = {parameter()};
  const std::vector<std::byte> in(300 * size_of(format()), std::byte{1});
  for (std::size_t n = 0; n <= 130; ++n) {
    std::vector<std::byte> out(300 * size_of(format()), std::byte{0xa5});
    const std::size_t offset = 64 * size_of(format());
    void* data = const_cast<std::byte*>(in.data());
    const std::vector<actc_array> arrays = {
        {data, 0, size()}, {data, 0, size()}, {out.data() + offset, 0, size()}};
    const std::vector<actc_array> outputs = {arrays[2], arrays[2]};
    const actc_call call{1, n, arrays.data(), outputs.data(), parameters.data(), 0, 0, 0, 0, n};
    ASSERT_EQ(module.kernel(0)(&call), ACTC_OK);
    for (std::size_t at = 0; at < out.size(); ++at) {
      const bool inside = at >= offset && at < offset + n * size_of(format());
      ASSERT_TRUE(inside || out[at] == std::byte{0xa5}) << "n " << n << ", byte " << at;
    }
  }
}

TEST_P(Kernels, WorkOnUnalignedArraysAndInPlace) {
  const Graph g = two_by_two(format());
  jit::Engine engine;
  const auto module = engine.compile(module_of(g, format(), target(), 2));
  const std::vector<Bits> parameters = {parameter()};
  const std::size_t n = 333;
  for (std::size_t shift = 0; shift < 64; shift += 3) {
    std::vector<std::byte> a(n * size_of(format()) + shift);
    std::vector<std::byte> b(n * size_of(format()) + shift);
    for (std::size_t i = 0; i < n; ++i) {
      put(a.data() + shift + i * size_of(format()), format(), element(i));
      put(b.data() + shift + i * size_of(format()), format(), element(i + 7));
    }
    // Each output over the other's input.
    const std::vector<actc_array> in = {{a.data() + shift, 0, size()},
                                        {b.data() + shift, 0, size()}};
    const std::vector<actc_array> out = {in[1], in[0]};
    const actc_call call{1, n, in.data(), out.data(), parameters.data(), 0, 0, 0, 0, n};
    ASSERT_EQ(module.kernel(0)(&call), ACTC_OK);
    for (std::size_t i = 0; i < n; ++i) {
      const auto expected =
          ir::interpret(g, std::vector<Bits>{element(i), element(i + 7)}, parameters);
      const std::size_t at = shift + i * size_of(format());
      ASSERT_EQ(get(b.data() + at, format()), expected[0]) << "shift " << shift << ", i " << i;
      ASSERT_EQ(get(a.data() + at, format()), expected[1]) << "shift " << shift << ", i " << i;
    }
  }
}

TEST_P(Kernels, WalkRowsByTheirStrides) {
  const Graph g = two_by_two(format());
  jit::Engine engine;
  const auto module = engine.compile(module_of(g, format(), target(), 2));
  const std::vector<Bits> parameters = {parameter()};
  const std::size_t rows = 5;
  const std::size_t pitch = 100;  // elements
  for (const std::size_t columns : {0UL, 1UL, 15UL, 16UL, 17UL, 77UL, 100UL}) {
    std::vector<std::byte> memory(4 * rows * pitch * size_of(format()), std::byte{0x5a});
    const auto at = [&](std::size_t array, std::size_t row, std::size_t column) {
      return memory.data() + ((array * rows + row) * pitch + column) * size_of(format());
    };
    for (std::size_t r = 0; r < rows; ++r) {
      for (std::size_t c = 0; c < columns; ++c) {
        put(at(0, r, c), format(), element(r * 31 + c));
        put(at(1, r, c), format(), element(r * 17 + c + 7));
      }
    }
    const auto stride = static_cast<std::int64_t>(pitch) * size();
    // The second input is one row for all, the second output runs upwards.
    const std::vector<actc_array> in = {{at(0, 0, 0), stride, size()}, {at(1, 2, 0), 0, size()}};
    const std::vector<actc_array> out = {{at(2, 0, 0), stride, size()},
                                         {at(3, rows - 1, 0), -stride, size()}};
    const actc_call call{rows, columns, in.data(), out.data(), parameters.data(),
                         0,    0,       0,         0,          rows * columns};
    ASSERT_EQ(module.kernel(0)(&call), ACTC_OK);
    for (std::size_t r = 0; r < rows; ++r) {
      for (std::size_t c = 0; c < pitch; ++c) {
        if (c >= columns) {
          EXPECT_EQ(*at(2, r, c), std::byte{0x5a});
          EXPECT_EQ(*at(3, rows - 1 - r, c), std::byte{0x5a});
          continue;
        }
        const auto expected = ir::interpret(
            g, std::vector<Bits>{element(r * 31 + c), element(2 * 17 + c + 7)}, parameters);
        EXPECT_EQ(get(at(2, r, c), format()), expected[0]);
        EXPECT_EQ(get(at(3, rows - 1 - r, c), format()), expected[1]);
      }
    }
    const actc_call no_rows{0, columns, in.data(), out.data(), parameters.data(), 0, 0, 0, 0, 0};
    EXPECT_EQ(module.kernel(0)(&no_rows), ACTC_OK);
  }
}

TEST_P(Kernels, RefuseElementsThatAreNotSideBySideBeforeWriting) {
  const Graph g = two_by_two(format());
  jit::Engine engine;
  const auto module = engine.compile(module_of(g, format(), target(), 2));
  const std::vector<Bits> parameters = {parameter()};
  std::vector<std::byte> memory(4096, std::byte{0x11});
  for (std::size_t bad = 0; bad < 4; ++bad) {
    for (const std::int64_t stride : {0L, 1L, 2 * size(), -size(), size() + (1L << 32)}) {
      std::vector<actc_array> arrays(4, actc_array{memory.data(), 0, size()});
      arrays[bad].column_stride = stride;
      const actc_call call{1, 20, arrays.data(), arrays.data() + 2, parameters.data(), 0, 0, 0,
                           0, 20};
      EXPECT_EQ(module.kernel(0)(&call), ACTC_BAD_STRIDE);
    }
  }
  EXPECT_EQ(memory, std::vector<std::byte>(4096, std::byte{0x11}));
}

TEST_P(Kernels, GiveAnElementTheSameBitsWhereverItStands) {
  const Graph g = two_by_two(format());
  jit::Engine engine;
  const auto module = engine.compile(module_of(g, format(), target(), 2));
  const std::vector<Bits> parameters = {parameter()};
  const auto alone = run(module.kernel(0), format(), {{element(3)}, {element(90)}}, 2, parameters);
  for (std::size_t n = 1; n < 140; n += 3) {
    for (std::size_t place = 0; place < n; ++place) {
      std::vector<std::vector<Bits>> inputs(2, std::vector<Bits>(n, element(55)));
      inputs[0][place] = element(3);
      inputs[1][place] = element(90);
      const auto results = run(module.kernel(0), format(), inputs, 2, parameters);
      ASSERT_EQ(results[0][place], alone[0][0]);
      ASSERT_EQ(results[1][place], alone[1][0]);
    }
  }
}

TEST_P(Kernels, GiveTheSameBitsForAParameterFixedOrPassed) {
  const Graph g = two_by_two(format());
  jit::Engine engine;
  const auto passed = engine.compile(module_of(g, format(), target(), 2));
  for (const double value : {1.7F, 0.0F, -0.0F, 1e-40F, 3e38F, 1.0F, -1.0F, 0.5F}) {
    jit::ModuleSpec spec = module_of(g, format(), target(), 2);
    spec.fixed_parameters[0] = value;
    const auto fixed = engine.compile(spec);
    std::vector<std::vector<Bits>> inputs(2);
    for (std::size_t i = 0; i < 100; ++i) {
      inputs[0].push_back(element(i));
      inputs[1].push_back(element(3 * i));
    }
    const std::vector<Bits> parameters = {
        format() == Format::binary32 ? ir::to_bits(static_cast<float>(value)) : ir::to_bits(value)};
    EXPECT_EQ(run(fixed.kernel(0), format(), inputs, 2),
              run(passed.kernel(0), format(), inputs, 2, parameters));
  }
}

TEST_P(Kernels, OfOneModuleStoreTheirOwnOutputs) {
  const Graph g = two_by_two(format());
  jit::ModuleSpec spec = module_of(g, format(), target(), 2);
  spec.kernels = {{{1}, 2}, {{0}, 2}, {{1, 0, 1}, 2}};
  jit::Engine engine;
  const auto module = engine.compile(spec);
  const std::vector<Bits> parameters = {parameter()};
  const std::vector<std::vector<Bits>> inputs = {{element(1), element(2)},
                                                 {element(3), element(4)}};
  const auto all = run(module.kernel(2), format(), inputs, 3, parameters);
  EXPECT_EQ(run(module.kernel(0), format(), inputs, 1, parameters)[0], all[0]);
  EXPECT_EQ(run(module.kernel(1), format(), inputs, 1, parameters)[0], all[1]);
  EXPECT_EQ(all[2], all[0]);
  EXPECT_NE(all[1], all[0]);
}

TEST_P(Kernels, MayIgnoreTheirInputs) {
  Graph g;
  const Format f = format();
  g.outputs = {g.constant(ir::Rational(1, 3), f),
               g.node(Operation::Add, f, {g.parameter(0, f), g.constant(1, f)})};
  jit::Engine engine;
  const auto module = engine.compile(module_of(g, f, target(), 1));
  const std::vector<Bits> parameters = {parameter()};
  const auto expected = ir::interpret(g, std::vector<Bits>{}, parameters);
  const auto results = run(module.kernel(0), f, {std::vector<Bits>(70, 0)}, 2, parameters);
  EXPECT_EQ(results[0], std::vector<Bits>(70, expected[0]));
  EXPECT_EQ(results[1], std::vector<Bits>(70, expected[1]));
}

INSTANTIATE_TEST_SUITE_P(EveryTarget, Kernels,
                         testing::Values(Setting{Format::binary32, jit::Isa::host},
                                         Setting{Format::binary64, jit::Isa::host},
                                         Setting{Format::binary32, jit::Isa::avx2},
                                         Setting{Format::binary64, jit::Isa::avx2}));

}  // namespace
}  // namespace actc::test
