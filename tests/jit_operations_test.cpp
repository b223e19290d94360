// Every typed operation, in both computing formats, at every instruction set, optimized and not,
// against the scalar interpreter: the same bits.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/jit_support.h"

namespace actc::test {
namespace {

struct Case {
  Operation op;
  Format result;
  std::vector<Format> arguments;
};

std::string title(const Case& c) {
  std::string arguments;
  for (const Format f : c.arguments) arguments += fmt::format(" {}", ir::name(f));
  return fmt::format("{}{} -> {}", ir::info(c.op).name, arguments, ir::name(c.result));
}

std::vector<Case> all_cases() {
  std::vector<Case> cases;
  const Format boolean = Format::boolean;
  for (const Format f : {Format::binary32, Format::binary64}) {
    const Format i = ir::integer_of(f);
    for (const Operation op : {Operation::Add, Operation::Sub, Operation::Mul, Operation::Div,
                               Operation::Min, Operation::Max, Operation::CopySign}) {
      cases.push_back({op, f, {f, f}});
    }
    for (const Operation op : {Operation::Neg, Operation::Sqrt, Operation::Abs, Operation::Floor,
                               Operation::Ceil, Operation::Round, Operation::Trunc}) {
      cases.push_back({op, f, {f}});
    }
    cases.push_back({Operation::Fma, f, {f, f, f}});
    cases.push_back({Operation::IsNan, boolean, {f}});
    cases.push_back({Operation::Bits, i, {f}});
    cases.push_back({Operation::FromBits, f, {i}});
    cases.push_back({Operation::ToInteger, i, {f}});
    cases.push_back({Operation::ToFloat, f, {i}});
    cases.push_back({Operation::ToBinary32, Format::binary32, {f}});
    cases.push_back({Operation::ToBinary64, Format::binary64, {f}});
    for (const Operation op : {Operation::Add, Operation::Sub, Operation::Mul, Operation::BitAnd,
                               Operation::BitOr, Operation::BitXor}) {
      cases.push_back({op, i, {i, i}});
    }
    cases.push_back({Operation::Neg, i, {i}});
    for (const Operation op :
         {Operation::ShiftLeft, Operation::ShiftRight, Operation::ShiftRightSigned}) {
      cases.push_back({op, i, {i, i}});
    }
    cases.push_back({Operation::ToInt32, Format::int32, {i}});
    cases.push_back({Operation::ToInt64, Format::int64, {i}});
    for (const Format compared : {f, i}) {
      for (const Operation op : {Operation::Less, Operation::LessEqual, Operation::Greater,
                                 Operation::GreaterEqual, Operation::Equal, Operation::NotEqual}) {
        cases.push_back({op, boolean, {compared, compared}});
      }
      for (const Operation op : {Operation::Where, Operation::Rarely}) {
        cases.push_back({op, compared, {boolean, compared, compared}});
      }
    }
  }
  for (const Operation op : {Operation::And, Operation::Or}) {
    cases.push_back({op, boolean, {boolean, boolean}});
  }
  cases.push_back({Operation::Not, boolean, {boolean}});
  cases.push_back({Operation::Where, boolean, {boolean, boolean, boolean}});
  return cases;
}

NodeId build(Graph& g, const Case& c, Format kernel, std::uint32_t& inputs) {
  std::vector<NodeId> args;
  for (const Format f : c.arguments) args.push_back(take(g, kernel, f, inputs));
  switch (c.op) {
    case Operation::ShiftLeft:
    case Operation::ShiftRight:
    case Operation::ShiftRightSigned:
      // In range, as the language demands.
      args[1] = g.node(Operation::BitAnd, c.result,
                       {args[1], g.constant(c.result == Format::int32 ? 31 : 63, c.result)});
      return g.node(c.op, c.result, args);
    case Operation::ToInteger: {
      // Out of range any number will do, so none is compared.
      const Format f = c.arguments[0];
      const ir::Rational limit(boost::multiprecision::cpp_int(1)
                               << (c.result == Format::int32 ? 31 : 63));
      const NodeId inside = g.node(Operation::Less, Format::boolean,
                                   {g.node(Operation::Abs, f, {args[0]}), g.constant(limit, f)});
      return g.node(Operation::Where, c.result,
                    {inside, g.node(c.op, c.result, args), g.constant(0, c.result)});
    }
    default: {
      const NodeId value = g.node(c.op, c.result, args);
      // These hand bits through: which NaN it is counts.
      const bool moves = c.op == Operation::Where || c.op == Operation::Rarely ||
                         c.op == Operation::FromBits || c.op == Operation::Neg ||
                         c.op == Operation::Abs || c.op == Operation::CopySign ||
                         c.op == Operation::Min || c.op == Operation::Max;
      return moves ? value : canonical(g, value);
    }
  }
}

struct Setting {
  Format kernel;
  jit::Target target;
};

class Operations : public testing::TestWithParam<Setting> {};

TEST_P(Operations, GiveTheBitsOfTheInterpreter) {
  const auto [kernel, target] = GetParam();
  jit::Engine engine;
  for (const Case& c : all_cases()) {
    SCOPED_TRACE(title(c));
    Graph g;
    std::uint32_t input_count = 0;
    show(g, kernel, build(g, c, kernel, input_count));

    // All pairs of interesting values, the third argument at random; 64-bit values in a kernel of
    // binary32 come in two halves, so there the specials are those of the halves.
    const std::vector<Bits> values = interesting(kernel, 24, 1);
    const std::vector<Bits> integers = interesting(ir::integer_of(kernel), 8, 2);
    std::vector<Bits> pool = values;
    pool.insert(pool.end(), integers.begin(), integers.end());
    std::vector<std::vector<Bits>> inputs(input_count);
    std::mt19937_64 random(3);
    for (std::size_t i = 0; i < pool.size() * 40; ++i) {
      for (std::size_t k = 0; k < inputs.size(); ++k) {
        const std::size_t at = k == 0 ? i % pool.size() : random() % pool.size();
        inputs[k].push_back(pool[at]);
      }
    }
    // Exactly the specials of a binary64 that arrives in halves.
    if (kernel == Format::binary32 && input_count == 2 * c.arguments.size()) {
      const std::vector<Bits> wide = interesting(c.arguments[0], 50, 4);
      for (std::size_t i = 0; i < wide.size() * 20; ++i) {
        for (std::size_t k = 0; k < inputs.size(); k += 2) {
          const Bits whole = wide[k == 0 ? i % wide.size() : random() % wide.size()];
          inputs[k].push_back(whole >> 32);
          inputs[k + 1].push_back(whole & 0xffffffff);
        }
      }
    }

    const jit::CompiledModule module = engine.compile(module_of(g, kernel, target, input_count));
    const auto results = run(module.kernel(0), kernel, inputs, g.outputs.size());
    std::vector<Bits> element(input_count);
    std::size_t wrong = 0;
    for (std::size_t i = 0; i < inputs[0].size() && wrong < 5; ++i) {
      for (std::size_t k = 0; k < input_count; ++k) element[k] = inputs[k][i];
      const std::vector<Bits> expected = ir::interpret(g, element, {});
      for (std::size_t k = 0; k < expected.size(); ++k) {
        if (results[k][i] == expected[k]) continue;
        ++wrong;
        ADD_FAILURE() << std::hex << "element " << i << ": " << results[k][i] << " instead of "
                      << expected[k] << " of " << element[0] << ' '
                      << (input_count > 1 ? element[1] : 0);
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(EveryTarget, Operations,
                         testing::Values(Setting{Format::binary32, {jit::Isa::host, true}},
                                         Setting{Format::binary64, {jit::Isa::host, true}},
                                         Setting{Format::binary32, {jit::Isa::avx2, true}},
                                         Setting{Format::binary64, {jit::Isa::avx2, true}},
                                         Setting{Format::binary32, {jit::Isa::host, false}},
                                         Setting{Format::binary64, {jit::Isa::avx2, false}}),
                         [](const auto& setting) {
                           const jit::Target& target = setting.param.target;
                           return fmt::format("{}_{}{}", ir::name(setting.param.kernel),
                                              target.isa == jit::Isa::avx2 ? "avx2" : "host",
                                              target.optimize ? "" : "_unoptimized");
                         });

// Constants take the way of constants through the compiler, parameters that of scalars: both give
// the bits that elements give.
TEST(Operations, OnConstantsAndParametersAreThoseOnElements) {
  const Format f = Format::binary32;
  jit::Engine engine;
  const std::vector<float> values = {0.1F,         -0.0F, 1e-42F,
                                     3e38F,        -2.5F, 1e10F,
                                     -16777214.0F, 0.75F, std::numeric_limits<float>::infinity()};
  const std::vector<Operation> unary = {Operation::Neg,   Operation::Sqrt, Operation::Abs,
                                        Operation::Floor, Operation::Ceil, Operation::Round,
                                        Operation::Trunc};
  const std::vector<Operation> binary = {Operation::Add,     Operation::Sub, Operation::Mul,
                                         Operation::Div,     Operation::Min, Operation::Max,
                                         Operation::CopySign};
  const auto all_of = [&](Graph& g, NodeId a, NodeId b) {
    for (const Operation op : unary) g.outputs.push_back(canonical(g, g.node(op, f, {a})));
    for (const Operation op : binary) g.outputs.push_back(canonical(g, g.node(op, f, {a, b})));
    g.outputs.push_back(canonical(g, g.node(Operation::Fma, f, {a, b, a})));
  };
  Graph elements;
  all_of(elements, elements.input(0, f), elements.input(1, f));
  Graph parameters;
  all_of(parameters, parameters.parameter(0, f), parameters.parameter(1, f));
  const auto on_elements = engine.compile(module_of(elements, f));
  const auto on_parameters = engine.compile(module_of(parameters, f));
  for (const float a : values) {
    for (const float b : {0.3F, -7.0F, 1e-40F}) {
      const std::vector<std::vector<Bits>> inputs = {{ir::to_bits(a)}, {ir::to_bits(b)}};
      const std::vector<Bits> given = {ir::to_bits(a), ir::to_bits(b)};
      jit::ModuleSpec fixed = module_of(parameters, f);
      fixed.fixed_parameters = {{0, a}, {1, b}};
      const auto on_constants = engine.compile(fixed);
      const std::size_t n = elements.outputs.size();
      const auto expected = run(on_elements.kernel(0), f, inputs, n);
      EXPECT_EQ(run(on_parameters.kernel(0), f, inputs, n, given), expected) << a << ' ' << b;
      EXPECT_EQ(run(on_constants.kernel(0), f, inputs, n), expected) << a << ' ' << b;
    }
  }
}

}  // namespace
}  // namespace actc::test
