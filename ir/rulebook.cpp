// Which rules are fit to be applied, and which of them to try on a node.
#include "ir/rulebook.h"

#include <algorithm>

#include "ir/match.h"
#include "ir/passes.h"

namespace actc::ir {
namespace {

std::uint64_t application_key(Operation op, FunctionId callee) {
  return static_cast<std::uint64_t>(op) << 32 | (op == Operation::Call ? callee : 0);
}

// A rule's two sides in one graph, so that their forms can be compared.
struct Sides {
  explicit Sides(const Rule& rule) : graph(rule.left), left(rule.left.outputs[0]) {
    std::vector<NodeId> args;
    for (std::uint32_t k = 0; k < rule.variables.size(); ++k) args.push_back(graph.input(k));
    right = inline_body(graph, rule.right, args.size(), args).front();
  }
  Graph graph;
  NodeId left;
  NodeId right;
};

// Does the pattern match a node of the graph, whatever its conditions?
bool matches_within(const Pattern& pattern, Graph graph, const KnownFunctions& known,
                    std::size_t inputs) {
  const NodeId size = static_cast<NodeId>(graph.size());
  Forms forms(graph, known, inputs);
  for (NodeId id = 0; id < size; ++id) {
    if (graph[id].format != Format::real) continue;
    bool found = false;
    for_each_match(pattern, forms, forms.of(id), [&](const Match&) { return found = true; });
    if (found) return true;
  }
  return false;
}

}  // namespace

RuleFault examine(const Rule& rule, const Library& library) {
  const KnownFunctions known(library);
  const std::size_t inputs = rule.variables.size();
  const auto pattern = Pattern::of(rule, known);
  if (!pattern) return RuleFault::nothing_to_match;
  Sides sides(rule);
  Forms forms(sides.graph, known, inputs);
  const FormId left = forms.of(sides.left);
  if (left == forms.of(sides.right)) {
    const bool powers = forms[left].size() == 1 && forms[left][0].exponent != Forms::zero;
    return powers ? RuleFault::none : RuleFault::endless;
  }
  bool itself = false;
  for_each_match(*pattern, forms, left, [&](const Match&) { return itself = true; });
  if (!itself) return RuleFault::undetermined;
  if (matches_within(*pattern, rule.right, known, inputs)) return RuleFault::endless;
  return RuleFault::none;
}

Rulebook::Rulebook(const Library& library, std::shared_ptr<const Rulebook> base)
    : base_(std::move(base)), known_(library) {
  for (const Rule& rule : library.rules()) {
    auto pattern = Pattern::of(rule, known_);
    if (!pattern) continue;  // not from a text: those are examined
    Sides sides(rule);
    Forms forms(sides.graph, known_, rule.variables.size());
    const bool merges = forms.of(sides.left) == forms.of(sides.right);
    const Form& form = pattern->forms()[pattern->root()];
    const bool product = pattern->kind() == Pattern::Kind::product;
    const bool quotient = product && std::ranges::any_of(form[0].factors, [&](const Factor& f) {
                            return pattern->forms().atom(f.atom).kind == Atom::Kind::sum;
                          });
    const bool power = product && !quotient && form[0].exponent != Forms::zero;
    own_.push_back(
        std::make_unique<Entry>(Entry{&rule, std::move(*pattern), merges, quotient, power}));
    list(*own_.back());
  }
  if (!base_) return;
  products_.insert(products_.end(), base_->products_.begin(), base_->products_.end());
  sums_.insert(sums_.end(), base_->sums_.begin(), base_->sums_.end());
  for (const auto& [key, entries] : base_->applications_) {
    auto& all = applications_[key];
    all.insert(all.end(), entries.begin(), entries.end());
  }
}

void Rulebook::list(const Entry& entry) {
  switch (entry.pattern.kind()) {
    case Pattern::Kind::product:
      products_.push_back(&entry);
      return;
    case Pattern::Kind::sum:
      sums_.push_back(&entry);
      return;
    case Pattern::Kind::application: {
      const Node& root = entry.rule->left[entry.rule->left.outputs[0]];
      applications_[application_key(root.op, root.payload)].push_back(&entry);
      return;
    }
  }
}

const std::vector<const Rulebook::Entry*>& Rulebook::applications(Operation op,
                                                                  FunctionId callee) const {
  static const std::vector<const Entry*> none;
  const auto it = applications_.find(application_key(op, callee));
  return it == applications_.end() ? none : it->second;
}

}  // namespace actc::ir
