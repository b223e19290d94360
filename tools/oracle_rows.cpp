#include "tools/oracle_rows.h"

#include <algorithm>
#include <array>

#include "ir/evaluate.h"

namespace actc::tools {
namespace {

using ir::NodeId;
using ir::Operation;

const Term& element(const TermRow& row, std::size_t column) {
  return row.size() == 1 ? row[0] : row[column];
}

Term given(double value) { return {.value = Mpfr(value), .given = true}; }

}  // namespace

RowOracle::RowOracle(const Oracle& oracle, std::vector<double> parameters,
                     const NumberFormat& computed)
    : oracle_(oracle), parameters_(std::move(parameters)), computed_(computed) {}

TermRow RowOracle::evaluated(const ir::Graph& graph, NodeId id,
                             std::span<const std::vector<double>> inputs, Terms& terms) const {
  const ir::Node& node = graph[id];
  TermRow row;
  switch (node.op) {
    case Operation::Constant:
      return {{.value = ir::from_rational<Mpfr>(graph.value(id)), .given = true}};
    case Operation::Parameter:
      return {given(parameters_[node.payload])};
    case Operation::Input:
      for (const double x : inputs[node.payload]) row.push_back(given(x));
      return row;
    case Operation::Columns:
      return {given(static_cast<double>(columns_))};
    case Operation::ColumnIndex:
      for (std::size_t c = 0; c < columns_; ++c) row.push_back(given(static_cast<double>(c)));
      return row;
    case Operation::Call:  // a joint: the value, the derivatives that are written, the arguments
      return values_[graph.arg(id, 0)];
    case Operation::Sum:
    case Operation::Largest:
    case Operation::Smallest: {
      const TermRow& all = values_[graph.arg(id, 0)];
      const bool sum = node.op == Operation::Sum;
      const Operation pair = sum                             ? Operation::Add
                             : node.op == Operation::Largest ? Operation::Max
                                                             : Operation::Min;
      Term result = all[0];
      for (std::size_t c = 1; c < (sum ? columns_ : all.size()); ++c) {
        const std::array<const Term*, 2> both = {&result, &element(all, c)};
        result = terms.apply(pair, both);
      }
      return {result};
    }
    default:
      break;
  }
  std::size_t size = 1;
  for (const NodeId a : graph.args(id)) size = std::max(size, values_[a].size());
  std::array<const Term*, 3> args{};
  for (std::size_t c = 0; c < size; ++c) {
    for (std::size_t k = 0; k < node.arg_count; ++k)
      args[k] = &element(values_[graph.arg(id, k)], c);
    row.push_back(terms.apply(node.op, std::span(args).first(node.arg_count)));
  }
  return row;
}

void RowOracle::give(NodeId to, std::size_t column, const Term& change, Terms& terms) {
  if (!varies_[to] || change.is_none()) return;
  TermRow& all = changes_[to];
  if (all.empty()) all.resize(values_[to].size());
  Term& sum = all[all.size() == 1 ? 0 : column];
  sum = sum.is_none() ? change : terms.add(sum, change);
  sum.given = false;
}

// What changes with an element of a node changes with the elements that this was computed of.
void RowOracle::pass_on(const ir::Graph& graph, NodeId id, std::size_t column, const Term& change,
                        Terms& terms) {
  const ir::Node& node = graph[id];
  const auto arg = [&](std::size_t k) -> const Term& {
    return element(values_[graph.arg(id, k)], column);
  };
  const auto give_times = [&](std::size_t k, const Term& slope) {
    give(graph.arg(id, k), column, terms.multiply(change, slope), terms);
  };
  const auto number = [](const Mpfr& value) { return Term{.value = value}; };
  const auto sign = [](const Mpfr& v) { return Mpfr(v > 0 ? 1 : v < 0 ? -1 : 0); };
  switch (node.op) {
    case Operation::Add:
      give_times(0, number(1));
      give_times(1, number(1));
      return;
    case Operation::Sub:
      give_times(0, number(1));
      give_times(1, number(-1));
      return;
    case Operation::Neg:
      give_times(0, number(-1));
      return;
    case Operation::Mul:
    case Operation::Fma:
      give_times(0, arg(1));
      give_times(1, arg(0));
      if (node.op == Operation::Fma) give_times(2, number(1));
      return;
    case Operation::Div: {
      const Term one = number(1);
      Term negative = element(values_[id], column);
      negative.value = -negative.value;
      const std::array<const Term*, 2> inverse = {&one, &arg(1)};
      const Term by_first = terms.apply(Operation::Div, inverse);
      give_times(0, by_first);
      give_times(1, terms.multiply(negative, by_first));
      return;
    }
    case Operation::Abs:
      give_times(0, number(sign(arg(0).value)));
      return;
    case Operation::CopySign:
      give_times(0, number(signbit(arg(1).value) ? -sign(arg(0).value) : sign(arg(0).value)));
      return;
    case Operation::Min:
    case Operation::Max: {
      const bool tie = arg(0).value == arg(1).value;
      const bool first = element(values_[id], column).value == arg(0).value;
      const Term share = number(tie ? Mpfr(0.5) : Mpfr(1));
      if (tie || first) give_times(0, share);
      if (tie || !first) give_times(1, share);
      return;
    }
    case Operation::Where:
    case Operation::Rarely:
      if (!isnan(arg(0).value)) give_times(arg(0).value != 0 ? 1 : 2, number(1));
      return;
    case Operation::Sum: {
      for (std::size_t c = 0; c < columns_; ++c) give(graph.arg(id, 0), c, change, terms);
      return;
    }
    case Operation::Largest:
    case Operation::Smallest: {
      const TermRow& all = values_[graph.arg(id, 0)];
      const auto is_extreme = [&](const Term& t) { return t.value == values_[id][0].value; };
      const Term share = number(Mpfr(1) / Mpfr(static_cast<double>(std::max<long>(
                                              1, std::ranges::count_if(all, is_extreme)))));
      for (std::size_t c = 0; c < all.size(); ++c) {
        if (is_extreme(all[c])) give(graph.arg(id, 0), c, terms.multiply(change, share), terms);
      }
      return;
    }
    case Operation::RealPow: {
      const auto [by_base, by_exponent] =
          terms.slopes_of_power(arg(0), arg(1), element(values_[id], column));
      give_times(0, by_base);
      if (varies_[graph.arg(id, 1)]) give_times(1, by_exponent);
      return;
    }
    case Operation::Call: {
      const std::size_t count = (node.arg_count - 1) / 2;
      for (std::size_t k = 1; k <= count; ++k) {
        give(graph.arg(id, count + k), column, terms.multiply(change, arg(k)), terms);
      }
      return;
    }
    default:
      if (node.arg_count == 1)
        give_times(0, terms.slope(node.op, arg(0), element(values_[id], column)));
  }
}

RowOracle::Outcome RowOracle::at(std::span<const std::vector<double>> inputs,
                                 std::span<const double> dy) {
  const ir::Graph& graph = dy.empty() ? oracle_.value_ : oracle_.slopes_;
  Terms terms(computed_);
  columns_ = inputs[0].size();
  values_.assign(graph.size(), {});
  changes_.assign(graph.size(), {});
  varies_.assign(graph.size(), false);
  const std::vector<bool> needed = ir::reachable(graph);
  for (NodeId id = 0; id < graph.size(); ++id) {
    if (!needed[id]) continue;
    values_[id] = evaluated(graph, id, inputs, terms);
    bool varies = graph[id].op == Operation::Input;
    for (const NodeId a : graph.args(id)) varies = varies || varies_[a];
    varies_[id] = varies && graph[id].op != Operation::Detach;
  }
  const NodeId output = graph.outputs.front();
  Outcome outcome{.value = values_[output], .gradients = {}};
  if (!dy.empty()) {
    outcome.gradients.assign(inputs.size(), TermRow(columns_));
    for (std::size_t c = 0; c < dy.size(); ++c) give(output, c, {.value = Mpfr(dy[c])}, terms);
    for (NodeId id = output + 1; id-- > 0;) {
      for (std::size_t c = 0; c < changes_[id].size(); ++c) {
        const Term change = changes_[id][c];
        if (!change.is_none()) pass_on(graph, id, c, change, terms);
      }
      if (graph[id].op == Operation::Input && !changes_[id].empty()) {
        outcome.gradients[graph[id].payload] = changes_[id];
      }
    }
  }
  outcome.near_switch = terms.near_switch();
  return outcome;
}

}  // namespace actc::tools
