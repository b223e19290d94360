// Where the conditions of a formula change, and what the formula is between.
#include "tools/card/pieces.h"

#include <algorithm>
#include <array>
#include <limits>

#include "ir/passes.h"
#include "ir/round.h"
#include "tools/card/enclosure.h"

namespace actc::tools {
namespace {

using ir::Graph;
using ir::NodeId;
using ir::Operation;

// More cuts, and more rounds of deciding, are given up.
constexpr std::size_t most_cuts = 200;
constexpr int most_rounds = 20;
// Numbers of more bits are not followed: repeated products of literals grow without end.
constexpr unsigned most_bits = 8192;

// slope · x + offset
struct Line {
  Rational slope, offset;
  Rational at(const Rational& x) const { return slope * x + offset; }
  bool is_constant() const { return slope == 0; }
};
using MaybeLine = std::optional<Line>;

bool is_short(const Rational& r) {
  const auto bits = [](const auto& n) { return n == 0 ? 0 : msb(n < 0 ? decltype(n)(-n) : n); };
  return bits(numerator(r)) < most_bits && bits(denominator(r)) < most_bits;
}

MaybeLine line_of(const Graph& graph, NodeId id, const std::vector<MaybeLine>& lines) {
  const ir::Node& node = graph[id];
  const auto arg = [&](std::size_t k) -> const MaybeLine& { return lines[graph.arg(id, k)]; };
  MaybeLine line;
  switch (node.op) {
    case Operation::Constant:
      return Line{0, graph.value(id)};
    case Operation::Input:
      return Line{1, 0};
    case Operation::Neg:
      if (arg(0)) line = Line{-arg(0)->slope, -arg(0)->offset};
      break;
    case Operation::Add:
      if (arg(0) && arg(1))
        line = Line{arg(0)->slope + arg(1)->slope, arg(0)->offset + arg(1)->offset};
      break;
    case Operation::Sub:
      if (arg(0) && arg(1))
        line = Line{arg(0)->slope - arg(1)->slope, arg(0)->offset - arg(1)->offset};
      break;
    case Operation::Mul:
      for (const std::size_t k : {0U, 1U}) {
        if (!arg(k) || !arg(1 - k) || !arg(k)->is_constant()) continue;
        const Rational factor = arg(k)->offset;
        line = Line{factor * arg(1 - k)->slope, factor * arg(1 - k)->offset};
      }
      break;
    case Operation::Div:
      if (arg(0) && arg(1) && arg(1)->is_constant() && arg(1)->offset != 0)
        line = Line{arg(0)->slope / arg(1)->offset, arg(0)->offset / arg(1)->offset};
      break;
    case Operation::Detach:
      line = arg(0);
      break;
    default:
      break;
  }
  if (line && !(is_short(line->slope) && is_short(line->offset))) line.reset();
  return line;
}

// One pass over a graph: the same with what is decided left out, and where else it would change.
class Specializer {
 public:
  // `sample` decides what is affine; `piece` bounds the input for what is not.
  Specializer(const Graph& graph, const Rational& sample, const Interval& piece)
      : graph_(graph), sample_(sample), bounds_(graph), needed_(ir::reachable(graph)) {
    const PrecisionScope scope(64);
    bounds_.at(piece);
  }

  Graph run() {
    std::vector<NodeId> args;
    mapped_.resize(graph_.size());
    truth_.resize(graph_.size());
    lines_.resize(graph_.size());
    for (NodeId id = 0; id < graph_.size(); ++id) {
      if (!needed_[id]) continue;
      lines_[id] = line_of(graph_, id, lines_);
      const auto kept = decided(id);
      if (kept) {
        mapped_[id] = *kept;
        continue;
      }
      mapped_[id] = ir::copy_node(next_, graph_, id, mapped_);
    }
    for (const NodeId id : graph_.outputs) next_.outputs.push_back(mapped_[id]);
    return ir::simplify(next_, ir::Library());
  }

  // Where affine functions that matter are 0.
  const std::vector<Rational>& roots() const { return roots_; }
  bool decides_something() const { return decides_; }

 private:
  void root_of(const MaybeLine& line) {
    if (line && !line->is_constant()) roots_.push_back(-line->offset / line->slope);
  }
  MaybeLine difference(NodeId id) const {
    const MaybeLine& a = lines_[graph_.arg(id, 0)];
    const MaybeLine& b = lines_[graph_.arg(id, 1)];
    if (!a || !b) return {};
    return Line{a->slope - b->slope, a->offset - b->offset};
  }
  // −1, 0 or 1 where a − b has one sign; 2 where it is not known.
  int sign_of(const MaybeLine& line) const {
    const Rational value = line->at(sample_);
    return value < 0 ? -1 : value > 0 ? 1 : 0;
  }
  int compare(NodeId id) {
    const MaybeLine d = difference(id);
    if (d) {
      root_of(d);
      return sign_of(d);
    }
    const Interval& a = bounds_.of(graph_.arg(id, 0));
    const Interval& b = bounds_.of(graph_.arg(id, 1));
    if (a.defined != Defined::everywhere || b.defined != Defined::everywhere) return 2;
    if (a.low > b.high) return 1;
    return a.high < b.low ? -1 : 2;
  }
  int sign(NodeId id) {
    if (lines_[id]) {
      root_of(lines_[id]);
      return sign_of(lines_[id]);
    }
    const Interval& a = bounds_.of(id);
    if (a.defined != Defined::everywhere) return 2;
    // Where it touches 0 either sign is right for |a|.
    if (a.low.sign() >= 0) return 1;
    return a.high.sign() <= 0 ? -1 : 2;
  }

  NodeId magnitude(NodeId id) {
    const int s = sign(id);
    if (s == 2) return next_.node(Operation::Abs, ir::Format::real, {mapped_[id]});
    decides_ = true;
    return s < 0 ? next_.node(Operation::Neg, ir::Format::real, {mapped_[id]}) : mapped_[id];
  }

  // The node that stands for it, where that is another than its copy.
  std::optional<NodeId> decided(NodeId id) {
    const ir::Node& node = graph_[id];
    const auto arg = [&](std::size_t k) { return graph_.arg(id, k); };
    const auto choose = [&](std::size_t k) {
      decides_ = true;
      return mapped_[arg(k)];
    };
    const auto is = [&](std::optional<bool> outcome) { truth_[id] = outcome; };
    switch (node.op) {
      case Operation::Less:
      case Operation::LessEqual:
      case Operation::Greater:
      case Operation::GreaterEqual:
      case Operation::Equal:
      case Operation::NotEqual: {
        const int c = compare(id);
        if (c != 2) is(outcome(node.op, c));
        return {};
      }
      case Operation::IsNan:
        is(false);
        return {};
      case Operation::Not:
        if (truth_[arg(0)]) is(!*truth_[arg(0)]);
        return {};
      case Operation::And:
      case Operation::Or: {
        const bool decisive = node.op == Operation::Or;
        const auto& a = truth_[arg(0)];
        const auto& b = truth_[arg(1)];
        if ((a && *a == decisive) || (b && *b == decisive)) {
          is(decisive);
        } else if (a && b) {
          is(!decisive);
        } else if (a || b) {
          return choose(a ? 1 : 0);
        }
        return {};
      }
      case Operation::Where:
      case Operation::Rarely:
        if (!truth_[arg(0)]) return {};
        if (lines_[arg(*truth_[arg(0)] ? 1 : 2)]) lines_[id] = lines_[arg(*truth_[arg(0)] ? 1 : 2)];
        return choose(*truth_[arg(0)] ? 1 : 2);
      case Operation::Min:
      case Operation::Max: {
        const int c = compare(id);
        if (c == 2) return {};
        return choose((c > 0) == (node.op == Operation::Max) ? 0 : 1);
      }
      case Operation::Abs:
        return magnitude(arg(0));
      case Operation::CopySign: {
        const int s = sign(arg(1));
        if (s == 2) return {};
        decides_ = true;
        const NodeId m = magnitude(arg(0));
        return s < 0 ? next_.node(Operation::Neg, ir::Format::real, {m}) : m;
      }
      case Operation::Sqrt:
      case Operation::RealLog:
        root_of(lines_[arg(0)]);
        return {};
      case Operation::RealLog1p:
        if (const MaybeLine& u = lines_[arg(0)]) root_of(Line{u->slope, u->offset + 1});
        return {};
      case Operation::RealPow:
        root_of(lines_[arg(0)]);
        return {};
      case Operation::Div:
        root_of(lines_[arg(1)]);
        return {};
      default:
        return {};
    }
  }

  static bool outcome(Operation op, int sign) {
    switch (op) {
      case Operation::Less:
        return sign < 0;
      case Operation::LessEqual:
        return sign <= 0;
      case Operation::Greater:
        return sign > 0;
      case Operation::GreaterEqual:
        return sign >= 0;
      case Operation::Equal:
        return sign == 0;
      default:
        return sign != 0;
    }
  }

  const Graph& graph_;
  const Rational& sample_;
  Enclosure bounds_;
  std::vector<bool> needed_;
  Graph next_;
  std::vector<NodeId> mapped_;
  std::vector<std::optional<bool>> truth_;
  std::vector<MaybeLine> lines_;
  std::vector<Rational> roots_;
  bool decides_ = false;
};

constexpr std::array parts = {&Formulas::value, &Formulas::derivative, &Formulas::slope,
                              &Formulas::curve};

Interval bounds_of(const Piece& piece) {
  constexpr double inf = std::numeric_limits<double>::infinity();
  const PrecisionScope scope(64);
  return {piece.low ? interval_of(*piece.low).low : Number(-inf),
          piece.high ? interval_of(*piece.high).high : Number(inf)};
}

Rational sample_of(const Piece& piece) {
  if (piece.low && piece.high) return (*piece.low + *piece.high) / 2;
  if (piece.low) return *piece.low + 1;
  return piece.high ? *piece.high - 1 : Rational(0);
}

// Decides what it can within the piece. Where the piece must be cut first, the places.
std::vector<Rational> specialize(Piece& piece) {
  for (int round = 0; round < most_rounds; ++round) {
    const Rational sample = sample_of(piece);
    const Interval bounds = bounds_of(piece);
    Formulas next;
    bool again = false;
    std::vector<Rational> cuts;
    for (const auto part : parts) {
      Specializer specializer(piece.formulas.*part, sample, bounds);
      next.*part = specializer.run();
      again = again || specializer.decides_something();
      for (const Rational& root : specializer.roots()) {
        const bool inside =
            (!piece.low || root > *piece.low) && (!piece.high || root < *piece.high);
        if (inside) cuts.push_back(root);
      }
    }
    if (!cuts.empty()) {
      std::ranges::sort(cuts);
      cuts.erase(std::unique(cuts.begin(), cuts.end()), cuts.end());
      return cuts;
    }
    piece.formulas = std::move(next);
    if (!again) break;
  }
  piece.smooth =
      std::ranges::none_of(parts, [&](const auto part) { return has_kinks(piece.formulas.*part); });
  return {};
}

std::vector<Piece> divided(const Piece& piece, const std::vector<Rational>& cuts) {
  std::vector<Piece> result;
  std::optional<Rational> low = piece.low;
  for (const Rational& cut : cuts) {
    result.push_back({low, cut, piece.formulas});
    low = cut;
  }
  result.push_back({low, piece.high, piece.formulas});
  return result;
}

// With the parameters' values in their places.
Graph with_values(const Graph& graph, std::span<const double> parameters) {
  Graph result;
  std::vector<NodeId> args = {result.input(0)};
  for (const double value : parameters) args.push_back(result.constant(Rational(value)));
  result.outputs = {ir::inline_body(result, graph, 1, args).front()};
  return ir::simplify(result, ir::Library());
}

void visit_calls(const Graph& graph, std::vector<ir::FunctionId>& open) {
  for (NodeId id = 0; id < graph.size(); ++id) {
    if (graph[id].op == Operation::Call) open.push_back(graph[id].payload);
  }
}

// The functions that a call needs, each with all its derivatives or none: `derive` opens a call
// that lacks one, although written derivatives are what keeps digits. Those by parameters, which
// are constants here, may be anything.
ir::Library with_whole_derivatives(const ir::Library& library, const Graph& call) {
  std::vector<bool> needed(library.size());
  std::vector<ir::FunctionId> open;
  visit_calls(call, open);
  while (!open.empty()) {
    const ir::FunctionId id = open.back();
    open.pop_back();
    if (needed[id]) continue;
    needed[id] = true;
    visit_calls(library[id].meaning, open);
    for (const auto& d : library[id].derivatives) {
      if (d) visit_calls(d->body, open);
    }
  }
  Graph none;
  none.outputs = {none.node(Operation::NotANumber, ir::Format::real, {})};
  ir::Library result;
  for (ir::FunctionId id = 0; id < library.size(); ++id) {
    if (!needed[id]) {
      result.add({});
      continue;
    }
    ir::Function f = library[id];
    f.derivatives.resize(f.argument_count());
    const auto inputs = std::span(f.derivatives).first(f.inputs.size());
    if (std::ranges::all_of(inputs, [](const auto& d) { return d.has_value(); })) {
      for (auto& d : f.derivatives) {
        if (!d) d = ir::Derivative{none, false, true};
      }
    } else {
      std::ranges::fill(f.derivatives, std::nullopt);
    }
    result.add(std::move(f));
  }
  return result;
}

bool writes_derivatives(const ir::Library& library) {
  if (library.base() == nullptr) return false;
  for (std::size_t id = library.base_size(); id < library.size(); ++id) {
    for (const auto& d : library[static_cast<ir::FunctionId>(id)].derivatives) {
      if (d && !d->derived) return true;
    }
  }
  return false;
}

}  // namespace

bool Piece::is_dead() const {
  const Graph& slope = formulas.slope;
  return slope.is_constant(slope.outputs.front(), 0);
}

Pieces pieces_of(const Oracle& oracle, std::span<const double> parameters) {
  const ir::Function& function = oracle.function();
  if (function.inputs.size() != 1 || ir::is_over_rows(oracle.value()) ||
      ir::is_random(oracle.value())) {
    return {};
  }
  Pieces result;
  try {
    const ir::Library library = with_whole_derivatives(oracle.library(), oracle.call());
    const std::array<std::size_t, 1> input = {0};
    const auto derived = [&](const Graph& graph) { return ir::derive(graph, library, 1, input); };
    const auto closed = [&](const Graph& graph) {
      return with_values(ir::expand_meaning(graph, library), parameters);
    };
    Formulas& whole = result.whole;
    const Graph slope = derived(oracle.call());
    whole.value = closed(oracle.call());
    whole.slope = closed(slope);
    whole.curve = closed(derived(slope));
    result.written_slope = writes_derivatives(oracle.library());
    whole.derivative = result.written_slope ? derived(whole.value) : whole.slope;

    std::vector<Piece> open = divided({{}, {}, whole}, {Rational(0)});
    std::ranges::reverse(open);
    while (!open.empty()) {
      Piece piece = std::move(open.back());
      open.pop_back();
      const std::vector<Rational> cuts = specialize(piece);
      if (result.pieces.size() + open.size() + cuts.size() > most_cuts) {
        result.pieces.clear();
        return result;
      }
      if (cuts.empty()) {
        result.pieces.push_back(std::move(piece));
        continue;
      }
      std::vector<Piece> parts_of = divided(piece, cuts);
      std::ranges::reverse(parts_of);
      std::ranges::move(parts_of, std::back_inserter(open));
    }
  } catch (const ir::GraphTooLarge&) {
    result.pieces.clear();
  }
  return result;
}

Formulas formulas_at(const Pieces& pieces, const Rational& x) {
  Formulas at = pieces.whole;
  const PrecisionScope scope(64);
  const Interval point = interval_of(x);
  for (int round = 0; round < most_rounds; ++round) {
    bool again = false;
    for (const auto part : parts) {
      Specializer specializer(at.*part, x, point);
      at.*part = specializer.run();
      again = again || specializer.decides_something();
    }
    if (!again) break;
  }
  return at;
}

double to_double(const Rational& x) { return ir::round_to_binary64(x); }

}  // namespace actc::tools
