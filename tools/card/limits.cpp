// Graphs in series, and what these say of the ends of the line.
#include "tools/card/limits.h"

#include <cmath>

#include "tools/card/series.h"
#include "tools/card/signs.h"

namespace actc::tools {
namespace {

using ir::Graph;
using ir::NodeId;
using ir::Operation;

class Expansion {
 public:
  Expansion(const Graph& graph, Side side, double from,
            Clock::time_point deadline = Clock::time_point::max())
      : graph_(graph),
        side_(side),
        from_(from),
        deadline_(deadline),
        needed_(ir::reachable(graph)) {}

  Series run() {
    nodes_.assign(graph_.size(), Series(from_));
    for (NodeId id = 0; id < graph_.size(); ++id) {
      if (!needed_[id]) continue;
      if (Clock::now() > deadline_) throw NoExpansion();
      nodes_[id] = node(id);
    }
    return nodes_[graph_.outputs.front()];
  }

 private:
  Series number(const Interval& value) const { return Series::constant(from_, value); }

  // Is the first of two less, the same or more, throughout?
  int compare(NodeId id) const {
    const int s = (arg(id, 0) + -arg(id, 1)).sign();
    if (s == 2) throw NoExpansion();
    return s;
  }
  bool truth(NodeId condition) const {
    switch (graph_[condition].op) {
      case Operation::Less:
      case Operation::LessEqual:
        return strict(condition) < 0;
      case Operation::Greater:
      case Operation::GreaterEqual:
        return strict(condition) > 0;
      case Operation::NotEqual:
        return strict(condition) != 0;
      case Operation::Equal:
        return strict(condition) == 0;
      default:
        throw NoExpansion();  // combinations of conditions that a piece has left open
    }
  }
  int strict(NodeId condition) const {
    const Series d = arg(condition, 0) + -arg(condition, 1);
    const Interval sum = d.total();
    if (sum.low.sign() > 0) return 1;
    if (sum.high.sign() < 0) return -1;
    throw NoExpansion();
  }
  const Series& arg(NodeId id, std::size_t k) const { return nodes_[graph_.arg(id, k)]; }

  Series node(NodeId id) const {
    const Operation op = graph_[id].op;
    const auto a = [&](std::size_t k) -> const Series& { return arg(id, k); };
    switch (op) {
      case Operation::Constant:
        return number(interval_of(graph_.value(id)));
      case Operation::Input:
        return Series::variable(from_, side_ == Side::left);
      case Operation::Pi:
        return number(pi());
      case Operation::E:
        return number(euler());
      case Operation::Add:
        return a(0) + a(1);
      case Operation::Sub:
        return a(0) + -a(1);
      case Operation::Neg:
        return -a(0);
      case Operation::Mul:
        return a(0) * a(1);
      case Operation::Div:
        return a(0) * reciprocal(a(1));
      case Operation::Fma:
        return a(0) * a(1) + a(2);
      case Operation::Sqrt:
        return power(a(0), Interval(0.5));
      case Operation::Abs: {
        const int s = a(0).sign();
        if (s == 2) throw NoExpansion();
        return s < 0 ? -a(0) : a(0);
      }
      case Operation::Min:
      case Operation::Max:
        return a((compare(id) > 0) == (op == Operation::Max) ? 0 : 1);
      case Operation::CopySign: {
        const int s = a(0).sign(), t = a(1).sign();
        if (s == 2 || t == 2 || t == 0) throw NoExpansion();
        return (s < 0) == (t < 0) ? a(0) : -a(0);
      }
      case Operation::Floor:
        return a(0) + number({Number(-1), Number(0)});
      case Operation::Ceil:
        return a(0) + number({Number(0), Number(1)});
      case Operation::Round:
      case Operation::Trunc:
        return a(0) + number({Number(-1), Number(1)});
      case Operation::Where:
      case Operation::Rarely:
        return a(truth(graph_.arg(id, 0)) ? 1 : 2);
      case Operation::Less:
      case Operation::LessEqual:
      case Operation::Greater:
      case Operation::GreaterEqual:
      case Operation::Equal:
      case Operation::NotEqual:
      case Operation::IsNan:
      case Operation::And:
      case Operation::Or:
      case Operation::Not:
        return Series(from_);  // asked by `truth`
      case Operation::RealExp:
        return exp(a(0));
      case Operation::RealExpm1:
        return exp(a(0)) + number(Interval(-1));
      case Operation::RealLog:
        return log(a(0));
      case Operation::RealLog1p:
        return log(number(Interval(1)) + a(0));
      case Operation::RealTanh:
      case Operation::RealErf:
      case Operation::RealErfc:
      case Operation::RealSin:
      case Operation::RealCos:
      case Operation::RealAtan:
        return function(op, a(0));
      case Operation::RealPow: {
        const auto& exponent = a(1).terms();
        if (exponent.empty()) return number(Interval(1));
        const bool constant = exponent.size() == 1 && exponent.front().monomial.is_one();
        if (constant) return power(a(0), exponent.front().factor);
        return exp(a(1) * log(a(0)));
      }
      case Operation::Detach:
        return a(0);
      default:
        throw NoExpansion();
    }
  }

  const Graph& graph_;
  Side side_;
  double from_;
  Clock::time_point deadline_;
  std::vector<bool> needed_;
  std::vector<Series> nodes_;
};

std::optional<Asymptote> line_of(const Series& s, Side side) {
  Asymptote line{.side = side, .slope = 0, .offset = 0, .proved = true};
  for (const SeriesTerm& t : s.terms()) {
    const Monomial& m = t.monomial;
    if (compare_growth(m, {}) < 0) break;
    const double value = t.factor.low.nearest();
    Monomial first;
    first.exponents[0] = Mpfr(1);
    const bool linear = compare_growth(m, first) == 0;
    if (!linear && !m.is_one()) return {};
    if (upper(t.factor) - lower(t.factor) > 1e-12 * std::max(1.0, std::abs(value))) return {};
    (linear ? line.slope : line.offset) = linear && side == Side::left ? -value : value;
  }
  return line;
}

std::optional<Asymptote> asymptote_of(const Graph& graph, Side side) {
  const PrecisionScope scope(series_bits);
  const auto deadline = Clock::now() + std::chrono::milliseconds(200);
  std::optional<Asymptote> line;
  for (const double from : {16.0, 256.0, 65536.0}) {
    try {
      return line_of(Expansion(graph, side, from, deadline).run(), side);
    } catch (const NoExpansion&) {
      line.reset();  // there may be one from further out
    }
  }
  return line;
}

}  // namespace

std::optional<Tail> tail_of(const Graph& graph, Side side, double from,
                            Clock::time_point deadline) {
  const PrecisionScope scope(series_bits);
  try {
    const Series s = Expansion(graph, side, from, deadline).run();
    Tail tail;
    tail.side = side;
    tail.from = from;
    tail.sign = s.sign();
    if (tail.sign == 2) return {};
    const Interval total = s.total(), range = s.range(), limit = s.limit();
    tail.strict = total.low.sign() > 0 || total.high.sign() < 0;
    tail.low = lower(range);
    tail.high = upper(range);
    const bool known =
        limit.defined == Defined::everywhere &&
        (limit.is_point() || upper(limit) - lower(limit) <= 1e-15 * std::abs(upper(limit)));
    tail.limit = known ? limit.low.nearest() : std::nan("");
    return tail;
  } catch (const NoExpansion&) {
    return {};
  }
}

std::vector<Asymptote> asymptotes_of(const Pieces& pieces) {
  std::vector<Asymptote> lines;
  if (pieces.pieces.empty()) return lines;
  for (const Side side : {Side::left, Side::right}) {
    const Piece& piece = side == Side::left ? pieces.pieces.front() : pieces.pieces.back();
    if (const auto line = asymptote_of(piece.formulas.value, side)) lines.push_back(*line);
  }
  return lines;
}

std::vector<Asymptote> asymptotes_of(const Oracle& oracle, std::span<const double> parameters) {
  return asymptotes_of(pieces_of(oracle, parameters));
}

}  // namespace actc::tools
