// `rarely` and tables: the branch is taken where some lane needs it and no lane's bits depend on
// its neighbours; no index reads outside a table.
#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "jit/schedule.h"
#include "tests/jit_support.h"

namespace actc::test {
namespace {

constexpr Format f32 = Format::binary32;

std::size_t count(const std::string& text, std::string_view part) {
  std::size_t found = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) {
    ++found;
  }
  return found;
}

// Two results of one rare computation, t = sqrt|x|, where |x| > 100: x·t and x/t; else x and -x.
struct Pair {
  Graph g;
  NodeId shared;
};
Pair rare_pair() {
  Pair p;
  Graph& g = p.g;
  const NodeId x = g.input(0, f32);
  const NodeId big = g.node(Operation::Greater, Format::boolean,
                            {g.node(Operation::Abs, f32, {x}), g.constant(100, f32)});
  p.shared = g.node(Operation::Sqrt, f32, {g.node(Operation::Abs, f32, {x})});
  const NodeId first =
      g.node(Operation::Rarely, f32, {big, g.node(Operation::Mul, f32, {x, p.shared}), x});
  const NodeId second =
      g.node(Operation::Rarely, f32,
             {big, g.node(Operation::Div, f32, {x, p.shared}), g.node(Operation::Neg, f32, {x})});
  g.outputs = {first, second};
  return p;
}

void expect_interpreted(const Graph& g, std::size_t input_count, jit::Target target = {}) {
  jit::Engine engine;
  const auto module = engine.compile(module_of(g, f32, target, input_count));
  // Runs of all-common, all-rare and mixed elements, so that each branch goes both ways.
  std::mt19937 random(5);
  std::vector<std::vector<Bits>> inputs(input_count);
  for (int i = 0; i < 1000; ++i) {
    const int kind = i / 130 % 4;
    for (auto& input : inputs) {
      const bool rare = kind == 1 || (kind == 2 && random() % 8 == 0) || (kind == 3 && i % 64 == 5);
      const float small = static_cast<float>(random() % 20000) / 100 - 100;
      input.push_back(ir::to_bits(rare ? small * 1000 : small));
    }
  }
  const auto results = run(module.kernel(0), f32, inputs, g.outputs.size());
  for (std::size_t i = 0; i < inputs[0].size(); ++i) {
    std::vector<Bits> element;
    for (const auto& input : inputs) element.push_back(input[i]);
    const auto expected = ir::interpret(g, element, {});
    for (std::size_t k = 0; k < expected.size(); ++k) {
      ASSERT_EQ(results[k][i], expected[k]) << "element " << i << ", output " << k;
    }
  }
}

TEST(Rarely, BlendsLaneByLane) {
  expect_interpreted(rare_pair().g, 1);
  expect_interpreted(rare_pair().g, 1, {jit::Isa::avx2, true});
  expect_interpreted(rare_pair().g, 1, {jit::Isa::host, false});
}

TEST(Rarely, WithOneConditionSharesABlockAndWhatOnlyItNeeds) {
  const Pair p = rare_pair();
  const jit::Schedule s = jit::schedule(p.g, p.g.outputs);
  ASSERT_EQ(s.groups.size(), 1U);
  EXPECT_EQ(s.groups[0].members.size(), 2U);
  EXPECT_TRUE(std::ranges::any_of(s.groups[0].region, [&](const jit::Step& step) {
    return !step.is_group && step.index == p.shared;
  }));
  // sqrt, x·t and x/t; |x| is needed by the condition too.
  EXPECT_EQ(s.rare_nodes, 3U);
}

TEST(Rarely, ComputesItsFirstSideInABranch) {
  jit::Engine engine;
  const Graph g = rare_pair().g;
  const std::string text = engine.llvm_ir(module_of(g, f32, {}, 1));
  const std::size_t branch = text.find("rare");
  const std::size_t root = text.find("llvm.sqrt");
  ASSERT_NE(root, std::string::npos);
  EXPECT_LT(branch, root);
  EXPECT_GE(count(text, "llvm.vector.reduce.or"), 2U);  // one a loop, and the declaration
}

TEST(Rarely, MayDependOnARarelyWithTheSameCondition) {
  // The second cannot share the first's block: its own common side needs the first's result.
  Graph g;
  const NodeId x = g.input(0, f32);
  const NodeId big = g.node(Operation::Greater, Format::boolean, {x, g.constant(100, f32)});
  const NodeId first = g.node(Operation::Rarely, f32, {big, g.node(Operation::Sqrt, f32, {x}), x});
  const NodeId scaled = g.node(Operation::Mul, f32, {first, g.constant(3, f32)});
  const NodeId second =
      g.node(Operation::Rarely, f32, {big, g.node(Operation::Div, f32, {scaled, x}), scaled});
  g.outputs = {g.node(Operation::Add, f32, {first, second})};
  EXPECT_EQ(jit::schedule(g, g.outputs).groups.size(), 2U);
  expect_interpreted(g, 1);
}

TEST(Rarely, FormsNoCycleThroughBlocksOfOtherConditions) {
  // a1 (c) -> b1 (d) and b2 (d) -> a2 (c): sharing both blocks would make each wait for the other.
  Graph g;
  const NodeId x = g.input(0, f32);
  const NodeId y = g.input(1, f32);
  const NodeId c = g.node(Operation::Greater, Format::boolean, {x, g.constant(100, f32)});
  const NodeId d = g.node(Operation::Greater, Format::boolean, {y, g.constant(100, f32)});
  const auto root = [&](NodeId n) {
    return g.node(Operation::Sqrt, f32, {g.node(Operation::Abs, f32, {n})});
  };
  const NodeId a1 = g.node(Operation::Rarely, f32, {c, root(x), x});
  const NodeId b1 = g.node(Operation::Rarely, f32, {d, root(a1), y});
  const NodeId b2 = g.node(Operation::Rarely, f32, {d, root(y), x});
  const NodeId a2 = g.node(Operation::Rarely, f32, {c, root(b2), y});
  g.outputs = {b1, a2};
  expect_interpreted(g, 2);
}

TEST(Rarely, NestsInItself) {
  Graph g;
  const NodeId x = g.input(0, f32);
  const NodeId y = g.input(1, f32);
  NodeId value = g.node(Operation::Div, f32, {x, y});
  for (int k = 1; k < 80; ++k) {  // more than there may be blocks
    const NodeId c =
        g.node(Operation::Greater, Format::boolean, {x, g.constant(2000 - 13 * k, f32)});
    const NodeId inner = g.node(Operation::Mul, f32, {value, g.constant(ir::Rational(k, 40), f32)});
    value = g.node(Operation::Rarely, f32, {c, inner, y});
  }
  g.outputs = {value};
  expect_interpreted(g, 2);
}

TEST(Rarely, NeedsNoBranchForAValueThatIsThereAnyway) {
  Graph g;
  const NodeId x = g.input(0, f32);
  const NodeId big = g.node(Operation::Greater, Format::boolean, {x, g.constant(100, f32)});
  const NodeId other = g.node(Operation::Neg, f32, {x});
  g.outputs = {g.node(Operation::Rarely, f32, {big, other, g.constant(7, f32)}), other};
  EXPECT_EQ(jit::schedule(g, g.outputs).rare_nodes, 0U);
  jit::Engine engine;
  EXPECT_EQ(engine.llvm_ir(module_of(g, f32)).find("rare"), std::string::npos);
  expect_interpreted(g, 1);
}

TEST(Rarely, HasOutputsAndUniformPartsOfEveryKind) {
  Graph g;
  const NodeId x = g.input(0, f32);
  const NodeId big = g.node(Operation::Greater, Format::boolean, {x, g.constant(100, f32)});
  const NodeId third = g.constant(ir::Rational(1, 3), f32);
  const NodeId uniform = g.node(Operation::Greater, Format::boolean, {third, g.constant(0, f32)});
  g.outputs = {
      g.node(Operation::Rarely, f32, {big, third, x}),
      g.node(Operation::Rarely, f32, {big, g.node(Operation::Sqrt, f32, {x}), third}),
      g.node(Operation::Rarely, f32, {uniform, g.node(Operation::Neg, f32, {x}), x}),
      g.node(Operation::Rarely, f32, {uniform, third, g.constant(2, f32)}),
  };
  expect_interpreted(g, 1);
}

struct TableCase {
  Format kernel;
  Format index;
  Format entry;
  jit::Isa isa;
};

class Tables : public testing::TestWithParam<TableCase> {};

TEST_P(Tables, OfEverySizeGiveTheirEntries) {
  const TableCase c = GetParam();
  jit::Engine engine;
  for (const int size : {1, 2, 3, 4, 7, 8, 9, 16, 17, 32, 33, 64, 100, 256}) {
    SCOPED_TRACE(size);
    Graph g;
    std::uint32_t inputs = 0;
    std::vector<NodeId> args = {take(g, c.kernel, c.index, inputs)};
    for (int k = 0; k < size; ++k) args.push_back(g.constant(ir::Rational(k * k + 1, 7), c.entry));
    show(g, c.kernel, g.node(Operation::Table, c.entry, args));
    const auto module = engine.compile(module_of(g, c.kernel, {c.isa, true}, inputs));
    std::vector<std::vector<Bits>> values(inputs);
    for (int i = 0; i < 300; ++i) {
      const Bits index = static_cast<Bits>(i * 37 % size);
      values[0].push_back(inputs == 2 ? 0 : index);  // the high half
      if (inputs == 2) values[1].push_back(index);
    }
    const auto results = run(module.kernel(0), c.kernel, values, g.outputs.size());
    for (std::size_t i = 0; i < 300; ++i) {
      std::vector<Bits> element;
      for (const auto& v : values) element.push_back(v[i]);
      const auto expected = ir::interpret(g, element, {});
      for (std::size_t k = 0; k < expected.size(); ++k) ASSERT_EQ(results[k][i], expected[k]);
    }
    // Any index at all: some number, and no crash.
    for (auto& v : values) {
      for (Bits& bits : v) bits = bits * 0x9e3779b97f4a7c15ULL >> (c.kernel == f32 ? 32 : 0);
    }
    run(module.kernel(0), c.kernel, values, g.outputs.size());
  }
}

INSTANTIATE_TEST_SUITE_P(
    EveryKind, Tables,
    testing::Values(TableCase{f32, Format::int32, f32, jit::Isa::host},
                    TableCase{f32, Format::int32, f32, jit::Isa::avx2},
                    TableCase{f32, Format::int32, Format::binary64, jit::Isa::host},
                    TableCase{f32, Format::int64, Format::binary64, jit::Isa::host},
                    TableCase{f32, Format::int32, Format::binary64, jit::Isa::avx2},
                    TableCase{Format::binary64, Format::int64, Format::binary64, jit::Isa::host},
                    TableCase{Format::binary64, Format::int64, Format::binary64, jit::Isa::avx2},
                    TableCase{Format::binary64, Format::int32, f32, jit::Isa::avx2}));

TEST(Tables, TakeAUniformIndex) {
  Graph g;
  const NodeId index = g.node(Operation::ToInteger, Format::int32, {g.parameter(0, f32)});
  g.outputs = {g.node(Operation::Table, f32,
                      {index, g.constant(5, f32), g.constant(6, f32), g.constant(7, f32)})};
  jit::Engine engine;
  const auto module = engine.compile(module_of(g, f32));
  const std::vector<Bits> two = {ir::to_bits(2.0F)};
  EXPECT_EQ(run(module.kernel(0), f32, {{0, 0}}, 1, two)[0],
            std::vector<Bits>(2, ir::to_bits(7.0F)));
}

}  // namespace
}  // namespace actc::test
