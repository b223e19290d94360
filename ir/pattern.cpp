// What a rule's left side needs to be a pattern, and what it holds.
#include "ir/pattern.h"

#include "ir/algebra.h"

namespace actc::ir {
namespace {

std::uint64_t head_bit(Operation op, std::uint32_t payload) {
  const std::uint64_t h = (static_cast<std::uint64_t>(op) * 977 + payload) * 0x9e3779b97f4a7c15ULL;
  return std::uint64_t{1} << (h >> 58);
}

}  // namespace

std::uint64_t head_of_division() { return head_bit(Operation::Div, 0); }
std::uint64_t head_of_exp() { return head_bit(Operation::RealExp, 0); }

void find_heads(const Graph& graph, const KnownFunctions& known,
                std::vector<std::uint64_t>& heads) {
  for (auto id = static_cast<NodeId>(heads.size()); id < graph.size(); ++id) {
    const Node& node = graph[id];
    std::uint64_t bits = 0;
    bool through = false;
    switch (node.op) {
      case Operation::Add:
      case Operation::Sub:
      case Operation::Mul:
      case Operation::Neg:
        through = true;
        break;
      case Operation::Div:
        through = true;
        if (!graph.is_constant(graph.arg(id, 1))) bits = head_of_division();
        break;
      case Operation::Constant:
      case Operation::Input:
      case Operation::Parameter:
      case Operation::Pi:
      case Operation::E:
        break;
      case Operation::RealExp:
        bits = head_of_exp();
        break;
      case Operation::Call:
        if (known.is_exp(node.payload)) {
          bits = head_of_exp();
        } else if (is_power(known.library[node.payload])) {
          through = true;
          if (graph[graph.arg(id, 0)].op == Operation::E) bits = head_of_exp();
          if (!graph.is_constant(graph.arg(id, 1))) {
            bits |= head_bit(node.op, node.payload);
          } else if (graph.value(graph.arg(id, 1)) < 0) {
            bits |= head_of_division();
          }
        } else {
          bits = head_bit(node.op, node.payload);
        }
        break;
      default:
        bits = head_bit(node.op, 0);
    }
    if (through) {
      for (const NodeId a : graph.args(id)) bits |= heads[a];
    }
    heads.push_back(bits);
  }
}

std::optional<Pattern> Pattern::of(const Rule& rule, const KnownFunctions& known) {
  if (rule.variables.size() > max_variables || rule.left.size() > max_nodes) return std::nullopt;
  Pattern p;
  p.variable_count_ = rule.variables.size();
  p.graph_ = std::make_shared<Graph>(rule.left);
  p.forms_ = std::make_shared<Forms>(*p.graph_, known, rule.variables.size());
  p.root_ = p.forms_->of(rule.left.outputs[0]);
  std::vector<std::uint64_t> heads;
  find_heads(*p.graph_, known, heads);
  p.heads_ = heads[rule.left.outputs[0]];
  if (p.heads_ != head_of_division()) p.heads_ &= ~head_of_division();
  const Form& form = p.forms()[p.root_];
  if (p.heads_ == 0 || form.empty() || p.variables(p.root_) == 0) return std::nullopt;
  if (form.size() > 1) {
    p.kind_ = Kind::sum;
  } else {
    const Term& t = form[0];
    const bool alone = t.coefficient == 1 && t.exponent == Forms::zero && t.factors.size() == 1 &&
                       t.factors[0].power == 1 &&
                       p.forms().atom(t.factors[0].atom).kind == Atom::Kind::application;
    p.kind_ = alone ? Kind::application : Kind::product;
  }
  return p;
}

bool Pattern::is_variable(AtomId atom) const {
  const Atom& a = forms_->atom(atom);
  return a.kind == Atom::Kind::application && a.op == Operation::Input;
}

std::uint32_t Pattern::variables_of(AtomId atom) const {
  if (is_variable(atom)) return 1U << variable(atom);
  std::uint32_t all = 0;
  for (const FormId a : forms_->atom(atom).args) all |= variables(a);
  return all;
}

std::uint32_t Pattern::variables(const Term& term) const {
  std::uint32_t all = variables(term.exponent);
  for (const Factor& f : term.factors) all |= variables_of(f.atom);
  return all;
}

std::uint32_t Pattern::variables(FormId form) const {
  std::uint32_t all = 0;
  for (const Term& t : (*forms_)[form]) all |= variables(t);
  return all;
}

}  // namespace actc::ir
