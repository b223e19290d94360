// Column by column, so that an operation is looked up once for many elements. What is contracted
// and which calls stay calls is as in legalize.cpp.
#include "ir/emulate.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <optional>

#include "ir/algebra.h"
#include "ir/evaluate.h"
#include "ir/passes.h"
#include "ir/round.h"

namespace actc::ir {
namespace {

constexpr int max_integer_power = 64;

bool constant_arguments(const Graph& g, NodeId call) {
  return std::ranges::all_of(g.args(call), [&](NodeId a) { return g.is_constant(a); });
}

std::optional<int> integer_exponent(const Function& callee, const Graph& g, NodeId call) {
  if (!is_power(callee) || !g.is_constant(g.arg(call, 1))) return std::nullopt;
  const Rational& n = g.value(g.arg(call, 1));
  if (denominator(n) != 1 || abs(n) > max_integer_power) return std::nullopt;
  return static_cast<int>(numerator(n));
}

Graph opened(const Graph& graph, const Library& library) {
  const Graph open = expand_calls(
      graph, library, [](const Function& callee, const Graph& g, NodeId call) -> const Graph* {
        const bool stays =
            integer_exponent(callee, g, call) || callee.implementations.contains(Format::binary32);
        return stays && !constant_arguments(g, call) ? nullptr : &callee.meaning;
      });
  return simplify(open, library);
}

template <class F>
F power(F base, int n) {
  const bool reciprocal = n < 0;
  n = std::abs(n);
  F result = 1;
  for (F square = base; n > 0; n /= 2) {
    if (n % 2 == 1) result *= square;
    square *= square;
  }
  return reciprocal ? 1 / result : result;
}

// 1 ± 2^-48 … 2^-47. The mixing step of SplitMix64 (Steele, Lea and Flood, 2014).
double disturbance(NodeId id, std::size_t element) {
  std::uint64_t h = (std::uint64_t{id} << 32 | element) + 0x9e3779b97f4a7c15;
  h = (h ^ (h >> 30)) * 0xbf58476d1ce4e5b9;
  h = (h ^ (h >> 27)) * 0x94d049bb133111eb;
  h ^= h >> 31;
  const double size = std::ldexp(1 + static_cast<double>(h >> 11) * 0x1p-53, -48);
  return 1 + (h % 2 == 0 ? size : -size);
}

bool is_power_of_two(double x) {
  int exponent = 0;
  return std::fabs(std::frexp(x, &exponent)) == 0.5;
}

// Is the sum, difference or product a binary64? (The error of a sum by Knuth's TwoSum.)
bool is_exact_at(Operation op, double a, double b) {
  if (op == Operation::Mul) return std::fma(a, b, -(a * b)) == 0;
  if (op == Operation::Sub)
    b = -b;
  else if (op != Operation::Add)
    return false;
  const double sum = a + b;
  const double part = sum - a;
  return (a - (sum - part)) + (b - part) == 0;
}

}  // namespace

Emulator::Emulator(const Graph& graph, const Library& library)
    : library_(library),
      graph_(opened(graph, library)),
      constants_(graph_),
      needed_(reachable(graph_)),
      uses_(use_counts(graph_)),
      rounded_(graph_.size()),
      columns_(graph_.size()) {
  for (NodeId id = 0; id < graph_.size(); ++id) {
    if (needed_[id] && constants_.is_constant(id)) rounded_[id] = constant(id);
  }
}

std::pair<double, double> Emulator::constant(NodeId id) const {
  constexpr double nan = std::numeric_limits<double>::quiet_NaN();
  if (constants_.is_nan(id)) return {nan, nan};
  if (graph_[id].format == Format::boolean) {
    const double truth = constants_.truth(id) ? 1 : 0;
    return {truth, truth};
  }
  Graph to;
  const NodeId value = constants_.rounded(id, to, Format::binary64);
  if (to.is_constant(value)) {
    return {round_to_binary32(to.value(value)), round_to_binary64(to.value(value))};
  }
  const double infinity = std::numeric_limits<double>::infinity();
  const double signed_infinity = to[value].op == Operation::Neg ? -infinity : infinity;
  return {signed_infinity, signed_infinity};
}

Emulator::Implementation& Emulator::implementation(FunctionId callee, Format format) {
  Implementation& i = implementations_[{callee, format}];
  if (!i.interpreter) {
    Graph graph;
    std::vector<NodeId> args;
    for (std::uint32_t k = 0; k < library_[callee].argument_count(); ++k) {
      args.push_back(graph.input(k));
    }
    graph.outputs = {graph.call(callee, args)};
    i.lowered = legalize(graph, library_, format, 1);
    i.interpreter = std::make_unique<ColumnInterpreter>(i.lowered);
  }
  return i;
}

std::size_t Emulator::cost() {
  std::size_t nodes = 0;
  for (NodeId id = 0; id < graph_.size(); ++id) {
    if (!needed_[id]) continue;
    ++nodes;
    if (graph_[id].op == Operation::Call &&
        !integer_exponent(library_[graph_[id].payload], graph_, id)) {
      nodes += implementation(graph_[id].payload, Format::binary32).lowered.size();
    }
  }
  return nodes;
}

// Does the operation never round, or give one of its arguments?
bool Emulator::is_exact(NodeId id) const {
  const Node& node = graph_[id];
  switch (node.op) {
    case Operation::Add:
    case Operation::Sub:
    case Operation::Sqrt:
    case Operation::Fma:
    case Operation::Call:
      return false;
    case Operation::Mul:
    case Operation::Div:
      return std::ranges::any_of(graph_.args(id), [&](NodeId a) {
        return constants_.is_constant(a) && is_power_of_two(rounded_[a].second) &&
               (node.op == Operation::Mul || a == graph_.arg(id, 1));
      });
    default:
      return true;
  }
}

template <class F>
void Emulator::call(NodeId id, std::vector<double>& column) {
  const std::size_t count = column.size();
  const FunctionId callee = graph_[id].payload;
  if (const auto n = integer_exponent(library_[callee], graph_, id)) {
    const std::vector<double>& base = columns_[graph_.arg(id, 0)];
    for (std::size_t e = 0; e < count; ++e) column[e] = power(static_cast<F>(base[e]), *n);
    return;
  }
  std::vector<std::vector<Bits>> args;
  for (const NodeId a : graph_.args(id)) {
    std::vector<Bits>& bits = args.emplace_back(count);
    for (std::size_t e = 0; e < count; ++e) bits[e] = to_bits(static_cast<F>(columns_[a][e]));
  }
  constexpr Format format = sizeof(F) == 4 ? Format::binary32 : Format::binary64;
  const auto values = implementation(callee, format).interpreter->run(args, count);
  for (std::size_t e = 0; e < count; ++e) {
    column[e] = sizeof(F) == 4 ? double{binary32_of(values[e])} : binary64_of(values[e]);
  }
}

template <class F>
void Emulator::compute(std::span<const std::vector<double>> inputs,
                       std::span<const double> parameters, bool perturbed) {
  const std::size_t count = inputs.empty() ? 1 : inputs.front().size();
  const auto product = [&](NodeId x) {
    return graph_[x].op == Operation::Mul && uses_[x] == 1 && !constants_.is_constant(x);
  };
  for (NodeId id = 0; id < graph_.size(); ++id) {
    if (!needed_[id]) continue;
    const Node& node = graph_[id];
    std::vector<double>& column = columns_[id];
    if (constants_.is_constant(id)) {
      const auto [narrow, wide] = rounded_[id];
      column.assign(count, sizeof(F) == 4 ? narrow : wide);
      if (perturbed && narrow != wide) {
        for (double& x : column) x *= disturbance(id, 0);
      }
      continue;
    }
    if (node.op == Operation::Input) {
      column = inputs[node.payload];
      continue;
    }
    if (node.op == Operation::Parameter) {
      column.assign(count, parameters[node.payload]);
      continue;
    }
    column.resize(count);
    std::array<const double*, 3> from = {};
    const auto args = graph_.args(id);
    for (std::size_t k = 0; k < std::min<std::size_t>(args.size(), 3); ++k) {
      from[k] = columns_[args[k]].data();
    }
    const bool sum = node.op == Operation::Add || node.op == Operation::Sub;
    if (node.op == Operation::Call) {
      call<F>(id, column);
    } else if (sum && (product(args[0]) || product(args[1]))) {
      const std::size_t at = product(args[0]) ? 0 : 1;
      const double* p = columns_[graph_.arg(args[at], 0)].data();
      const double* q = columns_[graph_.arg(args[at], 1)].data();
      const F sign_p = node.op == Operation::Sub && at == 1 ? -1 : 1;
      const F sign_r = node.op == Operation::Sub && at == 0 ? -1 : 1;
      for (std::size_t e = 0; e < count; ++e) {
        column[e] = std::fma(sign_p * static_cast<F>(p[e]), static_cast<F>(q[e]),
                             sign_r * static_cast<F>(from[1 - at][e]));
      }
    } else if (node.op == Operation::Fma) {
      for (std::size_t e = 0; e < count; ++e) {
        column[e] = std::fma(static_cast<F>(from[0][e]), static_cast<F>(from[1][e]),
                             static_cast<F>(from[2][e]));
      }
    } else {
      for (std::size_t e = 0; e < count; ++e) {
        std::array<F, 3> a = {};
        for (std::size_t k = 0; k < args.size(); ++k) a[k] = static_cast<F>(from[k][e]);
        column[e] = detail::apply<F>(node.op, a.data());
      }
    }
    if (perturbed && !is_exact(id)) {
      const bool contracted = sum && (product(args[0]) || product(args[1]));
      for (std::size_t e = 0; e < count; ++e) {
        const bool exact =
            !contracted && args.size() == 2 && is_exact_at(node.op, from[0][e], from[1][e]);
        if (!exact) column[e] *= disturbance(id, e);
      }
    }
  }
}

std::span<const std::vector<double>> Emulator::run(std::span<const std::vector<double>> inputs,
                                                   std::span<const double> parameters,
                                                   Arithmetic arithmetic) {
  if (arithmetic == Arithmetic::binary32) {
    compute<float>(inputs, parameters, false);
  } else {
    compute<double>(inputs, parameters, arithmetic == Arithmetic::perturbed);
  }
  return columns_;
}

}  // namespace actc::ir
