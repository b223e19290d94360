// Nodes for forms.
#include <algorithm>

#include "ir/algebra.h"
#include "ir/normal.h"

namespace actc::ir {

NodeId Forms::node(FormId form) {
  if (form_nodes_[form] == no_node) form_nodes_[form] = rebuilt(form);
  return form_nodes_[form];
}

NodeId Forms::node(const Term& term) { return node(of_term(term)); }

NodeId Forms::rebuilt(FormId form) {
  constexpr int max_depth = 32;
  if (depth_ >= max_depth) throw FormTooDeep{};
  struct Deeper {
    int& depth;
    explicit Deeper(int& d) : depth(d) { ++depth; }
    ~Deeper() { --depth; }
  };
  const Deeper deeper(depth_);
  return build(Form(forms_[form]));
}

NodeId Forms::build(const Form& form) {
  Algebra algebra(graph_, known_.library);
  if (form.empty()) return algebra.number(0);
  if (form.size() == 1) return build(form[0]);
  // A positive term first, so that differences are differences.
  const auto first = std::ranges::find_if(form, [](const Term& t) { return t.coefficient > 0; });
  const std::size_t start =
      first == form.end() ? 0 : static_cast<std::size_t>(first - form.begin());
  NodeId sum = node(form[start]);
  for (std::size_t i = 0; i < form.size(); ++i) {
    if (i == start) continue;
    Term t = form[i];
    const bool minus = t.coefficient < 0;
    if (minus) t.coefficient = -t.coefficient;
    const NodeId part = node(t);
    sum = minus ? algebra.sub(sum, part) : algebra.add(sum, part);
  }
  return sum;
}

// Constant · product / product; the constant is one number when it meets a format.
NodeId Forms::build(const Term& term) {
  Algebra algebra(graph_, known_.library);
  NodeId constant = algebra.number(term.coefficient);
  std::optional<NodeId> above;
  std::optional<NodeId> below;
  const auto times = [&](std::optional<NodeId>& product, NodeId factor) {
    product = product ? algebra.mul(*product, factor) : factor;
  };
  if (term.exponent != zero) {
    const NodeId exponent = node(term.exponent);
    const bool base = graph_.is_constant(exponent, 1);
    times(above, base         ? graph_.node(Operation::E, Format::real, {})
                 : known_.exp ? graph_.call(*known_.exp, std::span(&exponent, 1))
                              : graph_.node(Operation::RealExp, Format::real, {exponent}));
  }
  for (const Factor& f : term.factors) {
    const Atom atom = atoms_[f.atom];
    if (atom.kind == Atom::Kind::root) {
      const NodeId square = atom.payload == 0 ? graph_.node(Operation::Pi, Format::real, {})
                                              : algebra.number(Rational(atom.payload));
      const int whole = std::abs(f.power) / 2;
      NodeId value = build_power(square, whole);
      if (f.power % 2 != 0) {
        value = algebra.mul(value, graph_.node(Operation::Sqrt, Format::real, {square}));
      }
      constant = f.power > 0 ? algebra.mul(constant, value) : algebra.div(constant, value);
      continue;
    }
    const NodeId base = atom.kind == Atom::Kind::sum ? node(atom.args[0]) : atom_nodes_[f.atom];
    times(f.power > 0 ? above : below, build_power(base, std::abs(f.power)));
  }
  NodeId result = above ? algebra.mul(constant, *above) : constant;
  return below ? algebra.div(result, *below) : result;
}

NodeId Forms::build_power(NodeId base, int n) {
  Algebra algebra(graph_, known_.library);
  std::optional<NodeId> result;
  for (NodeId square = base; n > 0; n /= 2) {
    if (n % 2 == 1) result = result ? algebra.mul(*result, square) : square;
    if (n > 1) square = algebra.mul(square, square);
  }
  return result.value_or(algebra.number(1));
}

}  // namespace actc::ir
