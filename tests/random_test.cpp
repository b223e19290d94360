// Compiled code against the interpreter on random formulas, bit for bit: both instruction sets,
// both formats, forward and gradient.
#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "ir/interpret.h"
#include "ir/passes.h"
#include "ir/text.h"
#include "jit/engine.h"

namespace actc {
namespace {

using ir::Format;
using ir::NodeId;
using ir::Operation;

// Two inputs, two parameters, `size` random operations over the reals.
ir::Graph random_graph(std::mt19937_64& random, int size) {
  ir::Graph g;
  std::vector<NodeId> numbers = {g.input(0),     g.input(1),    g.parameter(0),
                                 g.parameter(1), g.constant(2), g.constant(ir::Rational(-3, 7)),
                                 g.constant(0)};
  std::vector<NodeId> conditions = {
      g.node(Operation::Less, Format::boolean, {numbers[0], numbers[1]})};
  const auto pick = [&](const auto& from) { return from[random() % from.size()]; };
  constexpr std::array unary = {Operation::Neg,   Operation::Sqrt, Operation::Abs,
                                Operation::Floor, Operation::Ceil, Operation::Round,
                                Operation::Trunc};
  constexpr std::array binary = {Operation::Add,      Operation::Sub, Operation::Mul,
                                 Operation::Div,      Operation::Min, Operation::Max,
                                 Operation::CopySign, Operation::Add, Operation::Mul};
  constexpr std::array compare = {Operation::Less,    Operation::LessEqual,
                                  Operation::Greater, Operation::GreaterEqual,
                                  Operation::Equal,   Operation::NotEqual};
  constexpr std::array logic = {Operation::And, Operation::Or};
  for (int i = 0; i < size; ++i) {
    switch (random() % 8) {
      case 0:
        numbers.push_back(g.node(pick(unary), Format::real, {pick(numbers)}));
        break;
      case 1:
      case 2:
      case 3:
        numbers.push_back(g.node(pick(binary), Format::real, {pick(numbers), pick(numbers)}));
        break;
      case 4:
        numbers.push_back(g.node(Operation::Where, Format::real,
                                 {pick(conditions), pick(numbers), pick(numbers)}));
        break;
      case 5:
        conditions.push_back(
            g.node(pick(compare), Format::boolean, {pick(numbers), pick(numbers)}));
        break;
      case 6:
        conditions.push_back(
            random() % 2 == 0
                ? g.node(pick(logic), Format::boolean, {pick(conditions), pick(conditions)})
                : g.node(Operation::Not, Format::boolean, {pick(conditions)}));
        break;
      default:
        numbers.push_back(
            g.node(Operation::Fma, Format::real, {pick(numbers), pick(numbers), pick(numbers)}));
    }
  }
  g.outputs = {numbers.back()};
  return g;
}

template <class T>
T from_bits(ir::Bits bits) {
  if constexpr (sizeof(T) == 4)
    return ir::binary32_of(bits);
  else
    return ir::binary64_of(bits);
}

template <class T>
void compare_on(const ir::Graph& lowered, jit::Engine& engine, std::mt19937_64& random,
                jit::Target target) {
  constexpr std::size_t n = 61;
  std::vector<std::vector<T>> in(3, std::vector<T>(n));
  std::vector<std::vector<T>> out(3, std::vector<T>(n));
  std::normal_distribution<double> normal(0, 3);
  for (auto& array : in) {
    for (T& v : array) v = static_cast<T>(normal(random));
    array[1] = 0;
    array[2] = T(-0.0);
    array[3] = std::numeric_limits<T>::infinity();
    array[4] = -std::numeric_limits<T>::infinity();
    array[5] = std::numeric_limits<T>::quiet_NaN();
    array[6] = std::numeric_limits<T>::denorm_min();
  }
  std::shuffle(in[1].begin(), in[1].end(), random);
  const std::vector<T> parameters = {T(0.75), T(-1.5)};
  const jit::ModuleSpec spec{
      &lowered, sizeof(T) == 4 ? Format::binary32 : Format::binary64, {{{0, 1, 2}, 3}}, {}, target};
  const jit::CompiledModule module = engine.compile(spec);
  const auto arrays = [](std::vector<std::vector<T>>& from) {
    std::vector<actc_array> result;
    for (auto& a : from) result.push_back({a.data(), 0, sizeof(T)});
    return result;
  };
  const auto inputs = arrays(in);
  const auto outputs = arrays(out);
  const actc_call call{1, n, inputs.data(), outputs.data(), parameters.data(), 0, 0, 0, 0, n};
  ASSERT_EQ(module.kernel(0)(&call), ACTC_OK);
  for (std::size_t i = 0; i < n; ++i) {
    const std::array bits = {ir::to_bits(in[0][i]), ir::to_bits(in[1][i]), ir::to_bits(in[2][i])};
    const std::array parameter_bits = {ir::to_bits(parameters[0]), ir::to_bits(parameters[1])};
    const auto expected = ir::interpret(lowered, bits, parameter_bits);
    for (std::size_t k = 0; k < 3; ++k) {
      const T e = from_bits<T>(expected[k]);
      // Which NaN is not promised.
      if (std::isnan(e) && std::isnan(out[k][i])) continue;
      ASSERT_EQ(ir::to_bits(out[k][i]), expected[k])
          << "output " << k << " for " << in[0][i] << ", " << in[1][i] << "\n"
          << ir::to_listing(lowered, ir::Library(), {{"x", "y", "dy"}, {"p", "q"}});
    }
  }
}

TEST(RandomFormulas, CompileToWhatTheInterpreterComputes) {
  jit::Engine engine;
  std::mt19937_64 random(20240611);
  const ir::Library library;
  for (int round = 0; round < 150; ++round) {
    const ir::Graph g = random_graph(random, 4 + round % 24);
    const ir::Graph both =
        ir::with_gradients(g, library, std::array{ir::Shape::element, ir::Shape::element});
    for (const bool optimize : {true, false}) {
      for (const jit::Isa isa : {jit::Isa::host, jit::Isa::avx2}) {
        compare_on<float>(ir::legalize(both, library, Format::binary32, 1), engine, random,
                          {isa, optimize});
        compare_on<double>(ir::legalize(both, library, Format::binary64, 1), engine, random,
                           {isa, optimize});
        if (testing::Test::HasFatalFailure()) return;
      }
    }
  }
}

}  // namespace
}  // namespace actc
