// Elements as arrays hold them, each array in a format of its own: every length, alignment and
// place, never a byte outside, with each instruction set.
#include <gtest/gtest.h>

#include <cmath>
#include <memory>
#include <vector>

#include "runtime/half.h"
#include "tests/jit_support.h"
#include "tests/processor.h"

namespace actc::test {
namespace {

using jit::Storage;

std::size_t bytes_of(Storage storage) {
  return storage == Storage::binary64 ? 8 : storage == Storage::binary32 ? 4 : 2;
}

float widened(Storage storage, Bits bits) {
  const auto half = static_cast<std::uint16_t>(bits);
  switch (storage) {
    case Storage::binary16:
      return float16::from_bits(half);
    case Storage::bfloat16:
      return bfloat16::from_bits(half);
    case Storage::binary32:
    case Storage::binary64:
    case Storage::bit:  // saved_test has these
      break;
  }
  return std::bit_cast<float>(static_cast<std::uint32_t>(bits));
}

Bits narrowed(Storage storage, float value) {
  switch (storage) {
    case Storage::binary16:
      return float16(value).bits();
    case Storage::bfloat16:
      return bfloat16(value).bits();
    case Storage::binary32:
    case Storage::binary64:
    case Storage::bit:  // saved_test has these
      break;
  }
  return ir::to_bits(value);
}

struct Setting {
  jit::Isa isa;
  bool optimize;
  Storage a, b, sum, product;  // of the arrays
};

class Storages : public testing::TestWithParam<Setting> {
 protected:
  // a + b and a · p, so that both inputs are used together and one alone.
  void SetUp() override {
    if (!runs(GetParam().isa)) GTEST_SKIP() << "not on this processor";
    const Format f = Format::binary32;
    const NodeId a = graph_.input(0, f);
    const NodeId b = graph_.input(1, f);
    graph_.outputs = {graph_.node(Operation::Add, f, {a, b}),
                      graph_.node(Operation::Mul, f, {a, graph_.parameter(0, f)})};
    jit::ModuleSpec spec =
        module_of(graph_, f, {GetParam().isa, GetParam().optimize}, /*input_count=*/2);
    spec.kernels[0].input_storage = {storages_[0], storages_[1]};
    spec.kernels[0].output_storage = {storages_[2], storages_[3]};
    module_ = engine_.compile(spec);
  }

  static Bits input(std::size_t array, std::size_t i, Storage storage) {
    // Results over all binades: small steps at small numbers, so subnormal halves too.
    const float x = std::ldexp(1.0F + static_cast<float>((7 * i + 3 * array) % 97) / 64,
                               static_cast<int>(i % 37) - 26);
    return narrowed(storage, i % 3 == 0 ? -x : x);
  }

  // Runs over arrays at `data`, elements already there, and compares all results.
  void expect_right(std::span<std::byte* const> data, std::size_t n) {
    std::vector<actc_array> arrays;
    for (std::size_t k = 0; k < 4; ++k) {
      arrays.push_back({data[k], 0, static_cast<std::int64_t>(bytes_of(storages_[k]))});
    }
    std::vector<std::vector<Bits>> expected(2);
    for (std::size_t i = 0; i < n; ++i) {
      const float a = widened(storages_[0], at(data[0], i, storages_[0]));
      const float b = widened(storages_[1], at(data[1], i, storages_[1]));
      expected[0].push_back(narrowed(storages_[2], a + b));
      expected[1].push_back(narrowed(storages_[3], a * parameter_));
    }
    const actc_call call{1, n, arrays.data(), arrays.data() + 2, &parameter_, 0, 0, 0, 0, n};
    ASSERT_EQ(module_.kernel(0)(&call), ACTC_OK);
    for (std::size_t i = 0; i < n; ++i) {
      ASSERT_EQ(at(data[2], i, storages_[2]), expected[0][i]) << "n " << n << ", i " << i;
      ASSERT_EQ(at(data[3], i, storages_[3]), expected[1][i]) << "n " << n << ", i " << i;
    }
  }

  static Bits at(const std::byte* data, std::size_t i, Storage storage) {
    Bits bits = 0;
    std::memcpy(&bits, data + i * bytes_of(storage), bytes_of(storage));
    return bits;
  }
  void fill(std::byte* data, std::size_t array, std::size_t n) const {
    for (std::size_t i = 0; i < n; ++i) {
      const Bits bits = input(array, i, storages_[array]);
      std::memcpy(data + i * bytes_of(storages_[array]), &bits, bytes_of(storages_[array]));
    }
  }

  const std::vector<Storage> storages_ = {GetParam().a, GetParam().b, GetParam().sum,
                                          GetParam().product};
  const float parameter_ = 1.7F;
  Graph graph_;
  jit::Engine engine_;
  jit::CompiledModule module_;
};

TEST_P(Storages, TouchNothingOutsideTheirArraysWhateverTheLength) {
  for (const auto flush : {GuardedBytes::Flush::begin, GuardedBytes::Flush::end}) {
    for (std::size_t n = 0; n <= 200; ++n) {
      std::vector<std::unique_ptr<GuardedBytes>> memory;
      std::vector<std::byte*> data;
      for (std::size_t k = 0; k < 4; ++k) {
        memory.push_back(std::make_unique<GuardedBytes>(n * bytes_of(storages_[k]), flush));
        data.push_back(memory.back()->data());
        if (k < 2) fill(data[k], k, n);
      }
      expect_right(data, n);
      if (HasFatalFailure()) return;
    }
  }
}

TEST_P(Storages, WriteNothingBesideTheirOutputs) {
  constexpr std::size_t margin = 128;
  for (std::size_t n = 0; n <= 130; ++n) {
    std::vector<std::vector<std::byte>> memory;
    std::vector<std::byte*> data;
    for (std::size_t k = 0; k < 4; ++k) {
      memory.emplace_back(n * bytes_of(storages_[k]) + 2 * margin, std::byte{0xa5});
      data.push_back(memory[k].data() + margin);
      if (k < 2) fill(data[k], k, n);
    }
    expect_right(data, n);
    if (HasFatalFailure()) return;
    for (std::size_t k = 0; k < 4; ++k) {
      for (std::size_t i = 0; i < margin; ++i) {
        ASSERT_EQ(memory[k][i], std::byte{0xa5}) << "n " << n << ", array " << k;
        ASSERT_EQ(memory[k][memory[k].size() - 1 - i], std::byte{0xa5})
            << "n " << n << ", array " << k;
      }
    }
  }
}

TEST_P(Storages, WorkAtEveryByteAddress) {
  const std::size_t n = 173;
  for (std::size_t shift = 0; shift < 64; ++shift) {
    std::vector<std::vector<std::byte>> memory;
    std::vector<std::byte*> data;
    for (std::size_t k = 0; k < 4; ++k) {
      memory.emplace_back(n * bytes_of(storages_[k]) + 64);
      data.push_back(memory[k].data() + (shift * (2 * k + 1) + k) % 64);
      if (k < 2) fill(data[k], k, n);
    }
    expect_right(data, n);
    if (HasFatalFailure()) return;
  }
}

TEST_P(Storages, WorkInPlaceWhereElementsHaveOneSize) {
  // Each output over the other's input, or over its own.
  const bool crossed = bytes_of(storages_[1]) == bytes_of(storages_[2]);
  for (std::size_t n = 0; n <= 200; n += 1 + n / 30) {
    std::vector<std::vector<std::byte>> memory;
    std::vector<std::byte*> data;
    for (std::size_t k = 0; k < 4; ++k) {
      memory.emplace_back(n * bytes_of(storages_[k]) + 1);
      data.push_back(memory[k].data());
      if (k < 2) fill(data[k], k, n);
    }
    const auto over = [&](std::size_t output, std::size_t input) {
      if (bytes_of(storages_[output]) == bytes_of(storages_[input])) data[output] = data[input];
    };
    over(2, crossed ? 1 : 0);
    over(3, crossed ? 0 : 1);
    expect_right(data, n);
    if (HasFatalFailure()) return;
  }
}

TEST_P(Storages, RefuseStridesOfAnotherFormat) {
  std::vector<std::byte> memory(64);
  for (std::size_t wrong = 0; wrong < 4; ++wrong) {
    std::vector<actc_array> arrays;
    for (std::size_t k = 0; k < 4; ++k) {
      const std::size_t bytes = bytes_of(storages_[k]) * (k == wrong ? 2 : 1);
      arrays.push_back({memory.data(), 0, static_cast<std::int64_t>(bytes)});
    }
    const actc_call call{1, 1, arrays.data(), arrays.data() + 2, &parameter_, 0, 0, 0, 0, 1};
    EXPECT_EQ(module_.kernel(0)(&call), ACTC_BAD_STRIDE) << "array " << wrong;
  }
}

std::vector<Setting> settings() {
  constexpr Storage f16 = Storage::binary16, bf16 = Storage::bfloat16, f32 = Storage::binary32;
  std::vector<Setting> all;
  for (const jit::Isa isa : {jit::Isa::host, jit::Isa::avx2, jit::Isa::fma}) {
    for (const bool optimize : {true, false}) {
      all.push_back({isa, optimize, f16, f16, f16, f16});
      all.push_back({isa, optimize, bf16, bf16, bf16, bf16});
      all.push_back({isa, optimize, bf16, f32, f16, bf16});
      all.push_back({isa, optimize, f16, bf16, f32, f32});
      all.push_back({isa, optimize, f32, f32, bf16, f16});
    }
  }
  return all;
}

INSTANTIATE_TEST_SUITE_P(Formats, Storages, testing::ValuesIn(settings()));

// Conversion alone, over every element and in each instruction set's own way.
class Conversion : public testing::TestWithParam<jit::Isa> {
 protected:
  void SetUp() override {
    if (!runs(GetParam())) GTEST_SKIP() << "not on this processor";
  }

  // The bits of `inputs` through a kernel that does nothing.
  std::vector<Bits> converted(Storage from, Storage to, const std::vector<Bits>& inputs) {
    Graph g;
    g.outputs = {g.input(0, Format::binary32)};
    jit::ModuleSpec spec = module_of(g, Format::binary32, {GetParam(), true}, 1);
    spec.kernels[0].input_storage = {from};
    spec.kernels[0].output_storage = {to};
    jit::Engine engine;
    const jit::CompiledModule module = engine.compile(spec);
    std::vector<std::byte> in(inputs.size() * bytes_of(from)), out(inputs.size() * bytes_of(to));
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      std::memcpy(in.data() + i * bytes_of(from), &inputs[i], bytes_of(from));
    }
    const actc_array x{in.data(), 0, static_cast<std::int64_t>(bytes_of(from))};
    const actc_array y{out.data(), 0, static_cast<std::int64_t>(bytes_of(to))};
    const actc_call call{1, inputs.size(), &x, &y, nullptr, 0, 0, 0, 0, inputs.size()};
    if (module.kernel(0)(&call) != ACTC_OK) throw std::runtime_error("kernel refused");
    std::vector<Bits> results(inputs.size());
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      std::memcpy(&results[i], out.data() + i * bytes_of(to), bytes_of(to));
    }
    return results;
  }
};

TEST_P(Conversion, WidensEveryHalfExactly) {
  std::vector<Bits> halves;
  for (Bits bits = 0; bits < 0x10000; ++bits) halves.push_back(bits);
  for (const Storage half : {Storage::binary16, Storage::bfloat16}) {
    const std::vector<Bits> found = converted(half, Storage::binary32, halves);
    for (std::size_t i = 0; i < halves.size(); ++i) {
      const float expected = widened(half, halves[i]);
      if (std::isnan(expected)) {
        ASSERT_TRUE(std::isnan(widened(Storage::binary32, found[i]))) << "bits " << i;
      } else {
        ASSERT_EQ(found[i], ir::to_bits(expected)) << "bits " << i;
      }
    }
  }
}

TEST_P(Conversion, RoundsToTheNearestAndInTheMiddleToTheEven) {
  // The number in the middle between each half and the next, its neighbours, and the half itself;
  // and numbers of all kinds.
  for (const Storage half : {Storage::binary16, Storage::bfloat16}) {
    std::vector<Bits> singles = interesting(Format::binary32, 20000, 3);
    const std::uint16_t infinity = half == Storage::binary16 ? 0x7c00 : 0x7f80;
    for (std::uint16_t bits = 0; bits < infinity; ++bits) {
      const double from = widened(half, bits);
      const double to = bits + 1 == infinity
                            ? 2 * from - double(widened(half, static_cast<Bits>(bits - 1)))
                            : double(widened(half, static_cast<Bits>(bits + 1)));
      const auto middle = static_cast<float>((from + to) / 2);
      for (const float x : {static_cast<float>(from), middle, std::nextafterf(middle, 0),
                            std::nextafterf(middle, INFINITY)}) {
        singles.push_back(ir::to_bits(x));
        singles.push_back(ir::to_bits(-x));
      }
    }
    const std::vector<Bits> found = converted(Storage::binary32, half, singles);
    for (std::size_t i = 0; i < singles.size(); ++i) {
      const float x = widened(Storage::binary32, singles[i]);
      ASSERT_EQ(found[i], narrowed(half, x)) << x << ", bits " << singles[i];
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Isa, Conversion,
                         testing::Values(jit::Isa::host, jit::Isa::avx2, jit::Isa::fma));

}  // namespace
}  // namespace actc::test
