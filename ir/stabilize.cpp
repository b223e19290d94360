// Top down: a node is rewritten before its arguments are looked at, so that `(exp(u) - 1) / (exp(u)
// + 1)` is met before `exp(u) - 1`. What replaces a node is tried at once; what becomes possible
// above it, in the next round.
#include "ir/stabilize.h"

#include <algorithm>

#include "ir/algebra.h"
#include "ir/exponentials.h"
#include "ir/match.h"
#include "ir/passes.h"
#include "ir/range.h"
#include "ir/row_exponentials.h"

namespace actc::ir {
namespace {

constexpr int max_rounds = 16;
constexpr std::size_t max_firings_beside = 64;  // and four a node
constexpr std::size_t max_closure = 48;         // nodes of one product or sum
constexpr long max_work = 6'000;                // attempts and steps of matching
constexpr std::size_t longest_text = 400;

bool is_sum(Operation op) { return op == Operation::Add || op == Operation::Sub; }
bool is_product(Operation op) {
  return op == Operation::Mul || op == Operation::Div || op == Operation::Neg;
}

// Copies a body over the reals into a graph, simplified as it is made.
template <class Tidy>
NodeId instantiate(Graph& graph, const Library& library, const Graph& body, NodeId output,
                   std::span<const NodeId> args, Tidy tidy) {
  Algebra algebra(graph, library);
  Graph one = body;
  one.outputs = {output};
  const std::vector<bool> needed = reachable(one);
  std::vector<NodeId> mapped(body.size());
  std::vector<NodeId> operands;
  for (NodeId id = 0; id <= output; ++id) {
    if (!needed[id]) continue;
    const Node& node = body[id];
    if (node.op == Operation::Constant) {
      mapped[id] = graph.constant(body.value(id), node.format);
    } else if (node.op == Operation::Input) {
      mapped[id] = args[node.payload];
    } else {
      operands.clear();
      for (const NodeId a : body.args(id)) operands.push_back(mapped[a]);
      mapped[id] = algebra.make(node.op, node.format, operands, node.payload);
      if (is_sum(node.op) || is_product(node.op)) mapped[id] = tidy(mapped[id]);
    }
  }
  return mapped[output];
}

class Stabilizer {
 public:
  Stabilizer(const Graph& graph, const Library& library, const Rulebook& rules,
             std::size_t input_count, StabilizeFor next, long& work_left, StabilizeLog* log)
      : library_(library),
        known_(library),
        rules_(rules),
        next_(next),
        log_(log),
        graph_(graph),
        forms_(graph_, known_, input_count),
        ranges_(graph_, library, seeds(graph, input_count)),
        exponentials_(graph_, known_, forms_, ranges_),
        firings_left_(max_firings_beside + 4 * graph.size()),
        work_left_(work_left) {}

  // The graph after one round; nothing where no rule applied.
  std::optional<Graph> round() {
    for (NodeId& output : graph_.outputs) output = resolved(output);
    if (!fired_) return std::nullopt;
    return simplify(graph_, library_);
  }
  // Were nodes left untried, the work being spent?
  bool gave_up() const { return gave_up_; }

 private:
  enum class State : std::uint8_t { unseen, open, done };
  struct Progress {
    State state = State::unseen;
    bool tried_as_sum = false;  // as a part of a larger sum, where no rule applied
    bool tried_as_product = false;
    std::optional<NodeId> replacement;
    NodeId result = 0;
  };

  // A seed is a finite number.
  static std::vector<Interval> seeds(const Graph& graph, std::size_t input_count) {
    std::size_t inputs = input_count;
    for (NodeId id = 0; id < graph.size(); ++id) {
      if (graph[id].op == Operation::Input) {
        inputs = std::max<std::size_t>(inputs, graph[id].payload + std::size_t{1});
      }
    }
    std::vector<Interval> all(inputs);
    constexpr double largest = std::numeric_limits<double>::max();
    for (std::size_t i = input_count; i < inputs; ++i) all[i] = {-largest, largest};
    return all;
  }

  Progress& at(NodeId id) {
    if (progress_.size() <= id) progress_.resize(graph_.size());
    return progress_[id];
  }

  NodeId resolved(NodeId root) {
    std::vector<NodeId> path = {root};
    while (!path.empty()) {
      const NodeId id = path.back();
      if (at(id).state == State::unseen) {
        at(id).state = State::open;
        const auto replacement = rewritten(id);
        // What leads back to a node that waits for this one is left alone.
        if (replacement && at(*replacement).state != State::open) {
          at(id).replacement = replacement;
          if (at(*replacement).state == State::unseen) {
            path.push_back(*replacement);
            continue;
          }
        } else {
          const std::size_t size = path.size();
          for (const NodeId a : graph_.args(id)) {
            if (at(a).state == State::unseen) path.push_back(a);
          }
          if (path.size() > size) continue;
        }
      }
      if (at(id).state == State::open) {
        const auto replacement = at(id).replacement;
        at(id).result = replacement ? result_of(*replacement) : over_results(id);
        at(id).state = State::done;
      }
      path.pop_back();
    }
    return at(root).result;
  }

  NodeId result_of(NodeId id) { return at(id).state == State::done ? at(id).result : id; }

  // The node with what its arguments have become.
  NodeId over_results(NodeId id) {
    const Node node = graph_[id];
    std::vector<NodeId> args(graph_.args(id).begin(), graph_.args(id).end());
    bool changed = false;
    for (NodeId& a : args) {
      const NodeId result = result_of(a);
      changed = changed || a != result;
      a = result;
    }
    if (!changed) return id;
    return Algebra(graph_, library_).make(node.op, node.format, args, node.payload);
  }

  std::optional<NodeId> rewritten(NodeId id) {
    const Node node = graph_[id];
    if (node.format != Format::real || node.arg_count == 0) return std::nullopt;
    if (work_left_ <= 0) gave_up_ = true;
    if (work_left_ <= 0 || firings_left_ == 0) return std::nullopt;
    find_heads(graph_, known_, heads_);
    const auto& own = rules_.applications(node.op, node.payload);
    if (is_long_logarithm(id)) {
      if (next_ == StabilizeFor::legalization) return logarithms(id);
      leave(graph_.arg(id, 0));
      return std::nullopt;
    }
    if (auto result = first(own, id)) return result;
    if (node.op == Operation::Call && next_ == StabilizeFor::legalization) {
      if (auto result = logarithms(id)) return result;
    }
    const bool power =
        is_power_of_e(id) || (node.op == Operation::Call && is_power(library_[node.payload]));
    if ((is_product(node.op) || power) && !at(id).tried_as_product) {
      // First what leaves no power of e, as 1 / cosh(u) of what could be a logistic function too.
      if (auto result = first(rules_.products(), id, true)) return result;
      if (is_product(node.op) && overflows(id)) {
        if (next_ == StabilizeFor::legalization) return quotient(id);
        leave(id);
        return std::nullopt;
      }
      if (auto result = first(rules_.products(), id)) return result;
      if (is_product(node.op)) mark(id, false);
    }
    if (is_sum(node.op) && !at(id).tried_as_sum) {
      if (next_ == StabilizeFor::legalization) {
        if (auto result = gathered(id)) return result;
        if (auto result = logarithms(id)) return result;
      }
      if (auto result = first(rules_.sums(), id)) return result;
      mark(id, true);
    }
    return std::nullopt;
  }

  // The parts of a sum or product to which no rule applied need not be tried by themselves.
  void mark(NodeId root, bool sum) {
    if (asked_ == root && is_opaque(root)) return;
    std::vector<NodeId> parts = {root};
    for (std::size_t i = 0; i < parts.size() && parts.size() < max_closure; ++i) {
      for (const NodeId a : graph_.args(parts[i])) {
        const Operation op = graph_[a].op;
        if (!(sum ? is_sum(op) : is_product(op)) || is_opaque(a)) continue;
        bool& tried = sum ? at(a).tried_as_sum : at(a).tried_as_product;
        if (tried) continue;
        tried = true;
        parts.push_back(a);
      }
    }
  }

  bool holds_power_of_e(NodeId id) const { return (heads_[id] & head_of_exp()) != 0; }

  bool is_divided(NodeId id) {
    const Form form = forms_[forms_.of(id)];
    return form.size() == 1 && exponentials_.is_divided(form[0]);
  }

  // Is it a quotient, or a product, of sums of powers of e whose parts overflow where it does not?
  bool overflows(NodeId id) {
    if (!holds_power_of_e(id) || !holds_large_power_of_e(id)) return false;
    --work_left_;
    return guarded([&] {
      const Form form = forms_[forms_.of(id)];
      return form.size() == 1 && exponentials_.may_overflow(form[0], powers_of_e(id).exponent);
    });
  }

  bool holds_large_power_of_e(NodeId id) {
    constexpr double large = 1e27;
    return std::ranges::any_of(parts_with_powers_of_e(id), [&](NodeId part) {
      return is_power_of_e(part) && ranges_.of(part).high > large;
    });
  }

  std::optional<NodeId> quotient(NodeId id) {
    return reported("a quotient of sums of powers of e", id, guarded([&] {
                      return exponentials_.quotient(Term(forms_[forms_.of(id)][0]));
                    }));
  }

  std::optional<NodeId> gathered(NodeId id) {
    if ((heads_[id] & (head_of_division() | head_of_exp())) == 0) return std::nullopt;
    --work_left_;
    return reported("quotients over their common denominator", id,
                    guarded([&] { return exponentials_.gathered(forms_.of(id)); }));
  }

  std::optional<NodeId> logarithms(NodeId id) {
    return reported("logarithms of sums of powers of e", id,
                    guarded([&] { return exponentials_.logarithms(forms_.of(id)); }));
  }

  bool is_long_logarithm(NodeId id) {
    const Node& node = graph_[id];
    if (node.op != Operation::Call || !known_.is(Operation::RealLog, node.payload)) return false;
    const NodeId argument = graph_.arg(id, 0);
    if (!holds_power_of_e(argument)) return false;
    --work_left_;
    return guarded([&] { return exponentials_.is_long_logarithm(forms_.of(argument)); });
  }

  template <class F>
  std::invoke_result_t<F> guarded(F f) {
    try {
      return f();
    } catch (const FormTooDeep&) {
      return {};
    }
  }

  bool is_power_of_e(NodeId id) {
    return graph_[id].op == Operation::RealExp ||
           (graph_[id].op == Operation::Call && known_.is_exp(graph_[id].payload));
  }

  // Of a product or sum, itself included, down to the powers of e.
  std::vector<NodeId> parts_with_powers_of_e(NodeId root) {
    std::vector<NodeId> parts = {root};
    for (std::size_t i = 0; i < parts.size() && parts.size() < max_closure; ++i) {
      if (is_power_of_e(parts[i])) continue;
      for (const NodeId a : graph_.args(parts[i])) {
        if (holds_power_of_e(a)) parts.push_back(a);
      }
    }
    return parts;
  }

  // A quotient that is to be derived as it is written.
  void leave(NodeId root) {
    for (const NodeId part : parts_with_powers_of_e(root)) {
      at(part).tried_as_sum = at(part).tried_as_product = true;
    }
  }

  // Too large for a form: nothing is found in it.
  bool is_opaque(NodeId id) {
    const Form& form = forms_[forms_.of(id)];
    return form.size() == 1 && form[0].factors.size() == 1 &&
           forms_.atom(form[0].factors[0].atom).op == graph_[id].op &&
           forms_.atom(form[0].factors[0].atom).kind == Atom::Kind::application;
  }

  std::optional<NodeId> first(const std::vector<const Rulebook::Entry*>& entries, NodeId id,
                              bool exactly = false) {
    std::optional<bool> divided;
    for (const Rulebook::Entry* entry : entries) {
      if ((entry->pattern.heads() & ~heads_of(id, *entry)) != 0) continue;
      asked_ = id;
      --work_left_;
      if (entry->pattern.kind() != Pattern::Kind::application && is_opaque(id)) {
        return std::nullopt;
      }
      std::optional<NodeId> result;
      try {
        if (exactly && !entry->quotient) continue;
        if (entry->quotient && !divided) divided = is_divided(id);
        if (entry->quotient && *divided) continue;
        result = entry->merges ? merged(id) : applied(*entry, id, exactly);
      } catch (const FormTooDeep&) {
        continue;
      }
      if (!result || *result == id) continue;
      return reported(entry->rule->text, id, result);
    }
    return std::nullopt;
  }

  // An application's own function is compared by the index.
  std::uint64_t heads_of(NodeId id, const Rulebook::Entry& entry) const {
    return entry.pattern.kind() == Pattern::Kind::application ? ~std::uint64_t{0} : heads_[id];
  }

  // A change of a node, counted and logged.
  std::optional<NodeId> reported(std::string_view rule, NodeId before,
                                 std::optional<NodeId> after) {
    if (!after || *after == before) return std::nullopt;
    find_heads(graph_, known_, heads_);
    --firings_left_;
    fired_ = true;
    if (log_ == nullptr || !log_->names) return after;
    const auto text = [&](NodeId id) {
      Graph one = graph_;
      one.outputs = {id};
      std::string formula = to_formula(one, library_, *log_->names);
      if (formula.size() > longest_text) formula = formula.substr(0, longest_text) + " ...";
      return formula;
    };
    log_->firings.push_back({std::string(rule), text(before), text(*after)});
    return after;
  }

  struct PowersOfE {
    std::optional<NodeId> one;
    bool several = false;  // not all the same
    bool raised = false;   // one is divided by, or written as a power of e
    FormId exponent = Forms::zero;
  };

  // Those that are factors as they are written.
  const PowersOfE& powers_of_e(NodeId id) {
    if (powers_of_ == id) return powers_;
    powers_of_ = id;
    PowersOfE& powers = powers_;
    powers = {};
    std::vector<std::pair<NodeId, int>> parts = {{id, 1}};
    for (std::size_t i = 0; i < parts.size() && parts.size() < max_closure; ++i) {
      const auto [part, power] = parts[i];
      const Node node = graph_[part];
      const auto arg = [&, at = part](std::size_t k) { return graph_.arg(at, k); };
      if (node.op == Operation::Mul) {
        parts.emplace_back(arg(0), power);
        parts.emplace_back(arg(1), power);
      } else if (node.op == Operation::Div) {
        parts.emplace_back(arg(0), power);
        parts.emplace_back(arg(1), -power);
      } else if (node.op == Operation::Neg) {
        parts.emplace_back(arg(0), power);
      } else if (node.op == Operation::Call && is_power(library_[node.payload])) {
        const bool base = graph_[arg(0)].op == Operation::E;
        powers.raised = powers.raised || base;
        if (base) {
          powers.exponent = forms_.add(powers.exponent, forms_.of(arg(1)), power);
        } else if (graph_.is_constant(arg(1)) && denominator(graph_.value(arg(1))) == 1 &&
                   abs(graph_.value(arg(1))) <= 64) {
          parts.emplace_back(arg(0), power * static_cast<int>(numerator(graph_.value(arg(1)))));
        }
      } else if (is_power_of_e(part)) {
        powers.several = powers.several || (powers.one && *powers.one != part);
        powers.one = part;
        powers.raised = powers.raised || power < 0;
        powers.exponent = forms_.add(powers.exponent, forms_.of(arg(0)), power);
      }
    }
    return powers;
  }

  bool has_power_of_e(NodeId id) {
    const Form form = forms_[forms_.of(id)];
    return form.size() == 1 && form[0].exponent == powers_of_e(id).exponent;
  }

  // Powers of e as one: where there are two, or one that is divided by. The square of one is as
  // good as it stands.
  std::optional<NodeId> merged(NodeId id) {
    const PowersOfE& powers = powers_of_e(id);
    if (!powers.several && !powers.raised) return std::nullopt;
    const FormId form = forms_.of(id);
    if (forms_[form].size() != 1 || forms_.is_constant(form)) return std::nullopt;
    if (forms_[form][0].exponent != powers.exponent) return std::nullopt;
    return forms_.rebuilt(form);
  }

  std::optional<NodeId> applied(const Rulebook::Entry& entry, NodeId id, bool exactly) {
    std::optional<Match> best;
    const bool product = entry.pattern.kind() == Pattern::Kind::product;
    // A power of e that stands in a sum, as in x * (exp(x) + exp(-x)), is no factor.
    if (product && entry.power && !has_power_of_e(id)) return std::nullopt;
    const auto accept = [&](const Match& match) {
      // Of several, that which leaves the least power of e.
      if (best && forms_.size(best->factor.exponent) <= forms_.size(match.factor.exponent))
        return false;
      if (exactly && match.factor.exponent != Forms::zero) return false;
      if (entry.quotient && exponentials_.has_numerator(match.factor)) return false;
      if (!product && !grows_with(entry, match)) return false;
      if (!holds(*entry.rule, match)) return false;
      best = match;
      return best->factor.exponent == Forms::zero;
    };
    const int steps = for_each_match(entry.pattern, forms_, forms_.of(id), accept);
    work_left_ -= steps;
    if (steps > max_match_steps) gave_up_ = true;
    if (!best) return std::nullopt;
    return replacement(*entry.rule, *best);
  }

  // A common factor e^s of a sum must not vanish where the rest overflows: exp(2x) - exp(-x) is not
  // exp(-x) · expm1(3x), and 1 + exp(x) is not exp(x/2) · 2 cosh(x/2).
  bool grows_with(const Rulebook::Entry& entry, const Match& match) {
    const FormId s = match.factor.exponent;
    if (s == Forms::zero) return true;
    const Form& sum = entry.pattern.forms()[entry.pattern.root()];
    if (std::ranges::none_of(sum, [](const Term& t) { return t.exponent == Forms::zero; })) {
      return false;
    }
    for (const FormId v : match.variables) {
      const Form& a = forms_[s];
      const Form& b = forms_[v];
      if (b.empty() || a.size() != b.size()) continue;
      const Rational ratio = a[0].coefficient / b[0].coefficient;
      bool proportional = true;
      for (std::size_t i = 0; i < a.size(); ++i) {
        proportional = proportional && a[i].factors == b[i].factors &&
                       a[i].exponent == b[i].exponent &&
                       a[i].coefficient == ratio * b[i].coefficient;
      }
      if (proportional && ratio < 0) return false;
    }
    return true;
  }

  std::vector<NodeId> arguments(const Match& match) {
    std::vector<NodeId> args;
    for (const FormId v : match.variables) args.push_back(forms_.node(v));
    return args;
  }

  bool holds(const Rule& rule, const Match& match) {
    if (rule.unbounded.empty() && rule.condition.outputs.empty()) return true;
    const std::vector<NodeId> args = arguments(match);
    for (const std::size_t v : rule.unbounded) {
      if (ranges_.of(args[v]).is_bounded()) return false;
    }
    for (const NodeId condition : rule.condition.outputs) {
      const NodeId asked = instantiate(graph_, library_, rule.condition, condition, args,
                                       [](NodeId node) { return node; });
      if (ranges_.truth(asked) != true) return false;
    }
    return true;
  }

  NodeId replacement(const Rule& rule, const Match& match) {
    Algebra algebra(graph_, library_);
    const NodeId right = instantiate(graph_, library_, rule.right, rule.right.outputs[0],
                                     arguments(match), [&](NodeId node) { return tidy(node); });
    const NodeId scaled = times(match.factor, right);
    if (match.rest == Forms::zero) return scaled;
    return algebra.add(forms_.node(match.rest), scaled);
  }

  // A sum of what the variables stand for, with like terms brought together.
  NodeId tidy(NodeId node) {
    const FormId form = forms_.of(node);
    if (const NodeId known = forms_.node(form); known != node) return known;
    return is_sum(graph_[node].op) ? forms_.rebuilt(form) : node;
  }

  NodeId times(const Term& factor, NodeId node) {
    if (factor.is_one()) return node;
    Algebra algebra(graph_, library_);
    const Form right = forms_[forms_.of(node)];
    if (right.size() == 1) return forms_.node(forms_.multiply(factor, right[0]));
    if (factor.is_number() && factor.coefficient == -1) return algebra.neg(node);
    return algebra.mul(forms_.node(factor), node);
  }

  const Library& library_;
  KnownFunctions known_;
  const Rulebook& rules_;
  StabilizeFor next_;
  StabilizeLog* log_;
  Graph graph_;
  Forms forms_;
  Ranges ranges_;
  Exponentials exponentials_;
  std::vector<std::uint64_t> heads_;
  std::vector<Progress> progress_;
  std::size_t firings_left_;
  long& work_left_;   // of all rounds
  PowersOfE powers_;  // of the node that was asked about last
  NodeId powers_of_ = ~NodeId{0};
  NodeId asked_ = ~NodeId{0};  // the node whose form was made last
  bool fired_ = false;
  bool gave_up_ = false;
};

}  // namespace

std::string_view reason(StabilizeLimit limit) {
  switch (limit) {
    case StabilizeLimit::none:
      break;
    case StabilizeLimit::work:
      return "the work of matching them is limited, and was spent";
    case StabilizeLimit::rounds:
      return "some still applied after the last round that there may be";
    case StabilizeLimit::nodes:
      return "they would have made it too large";
  }
  return "";
}

Graph stabilize(const Graph& graph, const Library& library, const Rulebook& rules,
                std::size_t input_count, StabilizeFor next, StabilizeLog* log) {
  Graph current = shift_row_exponentials(graph, library, input_count);
  long work_left = max_work;
  StabilizeLimit limit = StabilizeLimit::rounds;
  // A graph near its limit of nodes stays as it is.
  try {
    for (int i = 0; i < max_rounds; ++i) {
      Stabilizer stabilizer(current, library, rules, input_count, next, work_left, log);
      auto rewritten = stabilizer.round();
      if (!rewritten) {
        limit = stabilizer.gave_up() ? StabilizeLimit::work : StabilizeLimit::none;
        break;
      }
      current = std::move(*rewritten);
    }
  } catch (const GraphTooLarge&) {
    limit = StabilizeLimit::nodes;
  }
  if (log != nullptr) log->limit = limit;
  if (next == StabilizeFor::legalization) return name_shifted_exponentials(current, library);
  return current;
}

}  // namespace actc::ir
