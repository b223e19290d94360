// Two searches through the formula of a gradient. Both recurse, over graphs of a bounded size.
#include "ir/saved.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>

#include "ir/algebra.h"
#include "ir/passes.h"
#include "ir/range.h"

namespace actc::ir {
namespace {

// Searches recurse no deeper than a graph has nodes.
constexpr std::size_t largest_searched = 400;

std::vector<bool> depends_on_input(const Graph& graph, std::uint32_t position) {
  std::vector<bool> depends(graph.size(), false);
  for (NodeId id = 0; id < graph.size(); ++id) {
    depends[id] = graph[id].op == Operation::Input && graph[id].payload == position;
    for (const NodeId a : graph.args(id)) depends[id] = depends[id] || depends[a];
  }
  return depends;
}

// The value of a choice as the choice of two numbers, where its branches end in two.
class MaskSearch {
 public:
  MaskSearch(const Graph& gradients, const Library& library)
      : from_(gradients), library_(library), to_(gradients), depends_(depends_on_input(from_, 0)) {}

  std::optional<FromMask> run() {
    if (from_.size() > largest_searched || !depends_[from_.outputs[1]]) return std::nullopt;
    const std::vector<NodeId> trees = choices();
    if (trees.size() != 1) return std::nullopt;
    collect(trees[0]);
    if (!plain_ || outcomes_.size() != 2) return std::nullopt;
    Algebra algebra(to_, library_);
    const NodeId bit =
        algebra.select(truth_of(algebra, trees[0]), algebra.number(1), algebra.number(0));
    const NodeId saved = to_.input(0);
    const NodeId chosen = algebra.select(
        algebra.compare(Operation::Greater, saved, algebra.number(0)), outcomes_[0], outcomes_[1]);
    std::vector<NodeId> mapped(from_.size());
    for (NodeId id = 0; id < from_.size(); ++id) {
      mapped[id] = id == trees[0] ? chosen : depends_[id] ? copy(algebra, id, mapped) : id;
    }
    to_.outputs = {from_.outputs[0], mapped[from_.outputs[1]], bit};
    return FromMask{simplify(to_, library_)};
  }

 private:
  // The outermost choices by which the gradient depends on x; several, or an input, where it
  // depends on it otherwise too.
  std::vector<NodeId> choices() const {
    std::vector<bool> seen(from_.size(), false);
    std::vector<NodeId> open = {from_.outputs[1]};
    std::vector<NodeId> found;
    while (!open.empty()) {
      const NodeId id = open.back();
      open.pop_back();
      if (!depends_[id] || seen[id]) continue;
      seen[id] = true;
      if (from_[id].op == Operation::Where || from_[id].op == Operation::Input) {
        found.push_back(id);
        continue;
      }
      for (const NodeId a : from_.args(id)) open.push_back(a);
    }
    return found;
  }

  void collect(NodeId id) {
    if (!collected_.insert(id).second) return;
    if (!depends_[id]) {
      outcomes_.push_back(id);
    } else if (from_[id].op == Operation::Where) {
      collect(from_.arg(id, 1));
      collect(from_.arg(id, 2));
    } else {
      plain_ = false;
    }
  }

  // Is the outcome the first?
  NodeId truth_of(Algebra& algebra, NodeId id) {
    if (!depends_[id]) return algebra.truth(id == outcomes_[0]);
    if (const auto known = truths_.find(id); known != truths_.end()) return known->second;
    const NodeId c = from_.arg(id, 0);
    const NodeId then = truth_of(algebra, from_.arg(id, 1));
    const NodeId otherwise = truth_of(algebra, from_.arg(id, 2));
    if (then == otherwise) return truths_[id] = then;
    const auto both = [&](Operation op, NodeId a, NodeId b) {
      const std::array args = {a, b};
      if (to_.is_constant(a)) return to_.is_constant(a, op == Operation::And) ? b : a;
      if (to_.is_constant(b)) return to_.is_constant(b, op == Operation::And) ? a : b;
      return algebra.make(op, Format::boolean, args);
    };
    const std::array negated = {c};
    const NodeId not_c = algebra.make(Operation::Not, Format::boolean, negated);
    return truths_[id] = both(Operation::Or, both(Operation::And, c, then),
                              both(Operation::And, not_c, otherwise));
  }

  NodeId copy(Algebra& algebra, NodeId id, std::span<const NodeId> mapped) {
    if (from_.args(id).empty()) return id;
    std::vector<NodeId> args;
    for (const NodeId a : from_.args(id)) args.push_back(mapped[a]);
    return algebra.make(from_[id].op, from_[id].format, args, from_[id].payload);
  }

  const Graph& from_;
  const Library& library_;
  Graph to_;
  std::vector<bool> depends_;
  std::vector<NodeId> outcomes_;
  std::set<NodeId> collected_;
  std::map<NodeId, NodeId> truths_;
  bool plain_ = true;
};

// Works in one graph: y, as it is saved, is one more input.
class ValueSearch {
 public:
  ValueSearch(const Graph& gradients, const Library& library, std::span<const Rule> identities,
              std::span<const Parameter> parameters)
      : graph_(gradients),
        algebra_(graph_, library),
        library_(library),
        identities_(identities),
        parameters_(parameters) {}

  std::optional<FromValue> run() {
    if (graph_.size() > largest_searched) return std::nullopt;
    const NodeId y = graph_.outputs[0];
    const NodeId dx = graph_.outputs[1];
    saved_ = graph_.input(saved_position);
    Knowledge all;
    learn(all, y, saved_);
    const auto found = express(dx, all, 0);
    if (!found) return std::nullopt;
    // In the place of x.
    Graph result;
    std::vector<NodeId> mapped(graph_.size());
    const std::vector<bool> of_dx = needed_for(*found);
    const std::vector<bool> of_y = needed_for(y);
    std::vector<NodeId> as_value(graph_.size());
    for (NodeId id = 0; id < graph_.size(); ++id) {
      if (of_y[id]) mapped[id] = copy_node(result, graph_, id, mapped);
      if (!of_dx[id]) continue;
      as_value[id] = id == saved_ ? result.input(0) : copy_node(result, graph_, id, as_value);
    }
    result.outputs = {mapped[y], as_value[*found]};
    std::vector<std::size_t> positive(positive_.begin(), positive_.end());
    return FromValue{simplify(result, library_), std::move(positive)};
  }

 private:
  static constexpr std::uint32_t saved_position = 2;
  static constexpr int max_identities = 3;  // applied within each other

  // A choice whose value is known, and its condition where that can be told from the value.
  struct Choice {
    NodeId where;
    NodeId value;
    std::optional<NodeId> condition;
  };
  struct Knowledge {
    std::map<NodeId, NodeId> nodes;    // in terms of the saved value
    std::map<NodeId, Choice> choices;  // by their condition
  };

  std::vector<bool> needed_for(NodeId root) const {
    std::vector<bool> needed(graph_.size(), false);
    needed[root] = true;
    for (NodeId id = root + 1; id-- > 0;) {
      if (!needed[id]) continue;
      for (const NodeId a : graph_.args(id)) needed[a] = true;
    }
    return needed;
  }

  bool depends(NodeId root) const {
    const std::vector<bool> needed = needed_for(root);
    for (NodeId id = 0; id <= root; ++id) {
      if (needed[id] && graph_[id].op == Operation::Input && graph_[id].payload == 0) return true;
    }
    return false;
  }

  // Node `id` is `value`; so are others, then.
  void learn(Knowledge& k, NodeId id, NodeId value) {
    if (!depends(id) || !k.nodes.emplace(id, value).second) return;
    const auto arg = [&](std::size_t n) { return graph_.arg(id, n); };
    const auto solve = [&](std::size_t unknown, auto inverse) {
      if (depends(arg(unknown)) && !depends(arg(1 - unknown))) learn(k, arg(unknown), inverse());
    };
    switch (graph_[id].op) {
      case Operation::Neg:
        return learn(k, arg(0), algebra_.neg(value));
      case Operation::Add:
        solve(0, [&] { return algebra_.sub(value, arg(1)); });
        return solve(1, [&] { return algebra_.sub(value, arg(0)); });
      case Operation::Sub:
        solve(0, [&] { return algebra_.add(value, arg(1)); });
        return solve(1, [&] { return algebra_.sub(arg(0), value); });
      case Operation::Mul:
        for (const std::size_t unknown : {0, 1}) {
          if (is_positive(arg(1 - unknown))) {
            solve(unknown, [&] { return algebra_.div(value, arg(1 - unknown)); });
          }
        }
        return;
      case Operation::Div:
        if (is_positive(arg(1))) solve(0, [&] { return algebra_.mul(value, arg(1)); });
        return;
      case Operation::Where:
        k.choices.emplace(arg(0), Choice{id, value, threshold(id, value)});
        return;
      default:
        return;
    }
  }

  // A number other than 0, or a parameter that is assumed to be positive.
  bool is_positive(NodeId id) {
    if (graph_.is_constant(id)) return !graph_.is_constant(id, 0);
    if (graph_[id].op != Operation::Parameter) return false;
    const std::size_t position = graph_[id].payload;
    const auto& value = parameters_[position].default_value;
    if (!value || *value <= 0) return false;
    positive_.insert(position);
    return true;
  }

  // The condition x > t of where(x > t, a, b), or x < t, by the value: of two branches whose values
  // lie on two sides of a number.
  std::optional<NodeId> threshold(NodeId where, NodeId value) {
    const NodeId c = graph_.arg(where, 0);
    const bool above = graph_[c].op == Operation::Greater;
    if (!above && graph_[c].op != Operation::Less) return std::nullopt;
    const NodeId x = graph_.arg(c, 0);
    if (graph_[x].op != Operation::Input || graph_[x].payload != 0 ||
        !graph_.is_constant(graph_.arg(c, 1))) {
      return std::nullopt;
    }
    const auto t = static_cast<double>(graph_.value(graph_.arg(c, 1)));
    const Interval higher{.low = t};
    const Interval lower{.high = t};
    std::set<std::size_t> assumed;
    const Interval then = range(graph_.arg(where, 1), above ? higher : lower, assumed);
    const Interval otherwise = range(graph_.arg(where, 2), above ? lower : higher, assumed);
    const double edge = above ? otherwise.high : otherwise.low;
    const bool parted = above ? then.low >= edge : then.high <= edge;
    if (!parted || !std::isfinite(edge)) return std::nullopt;
    positive_.insert(assumed.begin(), assumed.end());
    return algebra_.compare(graph_[c].op, value, algebra_.number(Rational(edge)));
  }

  // Of a node, x being within `bounds` and parameters positive that are so by default.
  Interval range(NodeId root, const Interval& bounds, std::set<std::size_t>& assumed) {
    Graph copy;
    std::vector<Interval> inputs = {bounds, {}, {}};
    std::vector<NodeId> mapped(graph_.size());
    const std::vector<bool> needed = needed_for(root);
    for (NodeId id = 0; id <= root; ++id) {
      if (!needed[id]) continue;
      mapped[id] = id;
      if (graph_[id].op != Operation::Parameter) {
        mapped[id] = copy_node(copy, graph_, id, mapped);
        continue;
      }
      const auto& value = parameters_[graph_[id].payload].default_value;
      Interval own;
      if (value && *value > 0) {
        own.low = 0;
        assumed.insert(graph_[id].payload);
      }
      mapped[id] = copy.input(static_cast<std::uint32_t>(inputs.size()));
      inputs.push_back(own);
    }
    return Ranges(copy, library_, inputs).of(mapped[root]);
  }

  // A node in terms of what is known; nothing where x itself is needed.
  std::optional<NodeId> express(NodeId id, const Knowledge& k, int depth) {
    if (--work_ < 0) return std::nullopt;
    if (const auto known = k.nodes.find(id); known != k.nodes.end()) return known->second;
    if (!depends(id)) return id;
    if (graph_[id].op == Operation::Where) {
      if (const auto found = express_choice(id, k, depth)) return found;
    }
    if (graph_[id].op == Operation::Call) {
      if (const auto found = express_call(id, k, depth)) return found;
    }
    if (graph_.args(id).empty()) return std::nullopt;
    std::vector<NodeId> args;
    const std::vector<NodeId> own(graph_.args(id).begin(), graph_.args(id).end());
    for (const NodeId a : own) {
      const auto arg = express(a, k, depth);
      if (!arg) return std::nullopt;
      args.push_back(*arg);
    }
    if (graph_[id].op == Operation::Mul) return product(args[0], args[1]);
    return algebra_.make(graph_[id].op, graph_[id].format, args, graph_[id].payload);
  }

  // p · (u + v / p) = p · u + v, which solving for v made.
  NodeId product(NodeId p, NodeId q) {
    for (const auto& [factor, sum] : {std::pair{p, q}, std::pair{q, p}}) {
      if (graph_[sum].op != Operation::Add) continue;
      const NodeId u = graph_.arg(sum, 0);
      const NodeId quotient = graph_.arg(sum, 1);
      if (graph_[quotient].op != Operation::Div || graph_.arg(quotient, 1) != factor) continue;
      const NodeId v = graph_.arg(quotient, 0);
      return algebra_.add(algebra_.mul(factor, u), v);
    }
    return algebra_.mul(p, q);
  }

  std::optional<NodeId> express_choice(NodeId id, const Knowledge& k, int depth) {
    const std::vector<NodeId> args(graph_.args(id).begin(), graph_.args(id).end());
    const auto choice = k.choices.find(args[0]);
    if (choice == k.choices.end()) return std::nullopt;
    const auto& [where, value, condition] = choice->second;
    Knowledge then = k;
    learn(then, graph_.arg(where, 1), value);
    const auto a = express(args[1], then, depth);
    if (!a) return std::nullopt;
    Knowledge otherwise = k;
    learn(otherwise, graph_.arg(where, 2), value);
    const auto b = express(args[2], otherwise, depth);
    if (!b) return std::nullopt;
    if (condition) return algebra_.select(*condition, *a, *b);
    // Without the condition: where the formula of one branch holds in the other too, whose value is
    // a number.
    const NodeId number = graph_.arg(where, 2);
    if (graph_.is_constant(number) && with_value(*a, value, number) == *b) return a;
    return std::nullopt;
  }

  // A node with `number` for each `value` that it is made of.
  NodeId with_value(NodeId root, NodeId value, NodeId number) {
    const std::vector<bool> needed = needed_for(root);
    std::vector<NodeId> mapped(graph_.size());
    for (NodeId id = 0; id <= root; ++id) {
      mapped[id] = id == value ? number : id;
      if (!needed[id] || id == value || graph_.args(id).empty()) continue;
      std::vector<NodeId> args;
      for (const NodeId a : graph_.args(id)) args.push_back(mapped[a]);
      // As in a derivative 0 times anything is 0.
      mapped[id] = graph_[id].op == Operation::Mul
                       ? algebra_.scale(args[0], args[1])
                       : algebra_.make(graph_[id].op, graph_[id].format, args, graph_[id].payload);
    }
    return mapped[root];
  }

  // By an identity whose left side is the call, of a variable or of its opposite.
  std::optional<NodeId> express_call(NodeId id, const Knowledge& k, int depth) {
    if (depth >= max_identities) return std::nullopt;
    for (const Rule& rule : identities_) {
      const NodeId left = rule.left.outputs[0];
      if (rule.left[left].op != Operation::Call || rule.left[left].payload != graph_[id].payload) {
        continue;
      }
      std::vector<NodeId> variables(rule.variables.size(), id);
      bool matches = true;
      for (std::size_t n = 0; n < rule.left.args(left).size(); ++n) {
        NodeId wanted = rule.left.arg(left, n);
        NodeId given = graph_.arg(id, n);
        if (rule.left[wanted].op == Operation::Neg) {
          wanted = rule.left.arg(wanted, 0);
          given = algebra_.neg(given);
        }
        matches = matches && rule.left[wanted].op == Operation::Input;
        if (matches) variables[rule.left[wanted].payload] = given;
      }
      if (!matches) continue;
      const NodeId right = inline_body(graph_, rule.right, variables.size(), variables).front();
      if (const auto found = express(right, k, depth + 1)) return found;
    }
    return std::nullopt;
  }

  Graph graph_;
  Algebra algebra_;
  const Library& library_;
  std::span<const Rule> identities_;
  std::span<const Parameter> parameters_;
  NodeId saved_ = 0;
  int work_ = 5000;  // nodes looked at
  std::set<std::size_t> positive_;
};

}  // namespace

bool from_nothing(const Graph& gradients) {
  return !depends_on_input(gradients, 0)[gradients.outputs[1]];
}

std::optional<FromMask> from_mask(const Graph& gradients, const Library& library) {
  return MaskSearch(gradients, library).run();
}

std::optional<FromValue> from_value(const Graph& gradients, const Library& library,
                                    std::span<const Rule> identities,
                                    std::span<const Parameter> parameters) {
  return ValueSearch(gradients, library, identities, parameters).run();
}

std::vector<FunctionId> functions_of(std::span<const Rule> identities) {
  std::vector<FunctionId> found;
  for (const Rule& rule : identities) {
    for (const Graph* side : {&rule.left, &rule.right}) {
      for (NodeId id = 0; id < side->size(); ++id) {
        if ((*side)[id].op == Operation::Call) found.push_back((*side)[id].payload);
      }
    }
  }
  return found;
}

}  // namespace actc::ir
