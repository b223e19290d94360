// Forms are interned: equality is identity, and each node's form is made once.
#include "ir/normal.h"

#include <algorithm>

#include "ir/algebra.h"

namespace actc::ir {
namespace {

constexpr FormId unknown_form = ~FormId{0};

// What is larger is an atom of its own: forms stay small whatever the formula.
constexpr std::size_t max_terms = 16;
constexpr std::size_t max_factors = 16;

std::uint64_t mix(std::uint64_t h, std::uint64_t v) {
  h ^= v + 0x9e3779b97f4a7c15ULL + (h << 6) + (h >> 2);
  return h * 0xff51afd7ed558ccdULL;
}

std::uint64_t hash(const Form& form) {
  std::uint64_t h = form.size();
  for (const Term& t : form) {
    h = mix(h, hash_value(t.coefficient));
    for (const Factor& f : t.factors) {
      h = mix(h, std::uint64_t{f.atom} << 32 | static_cast<std::uint32_t>(f.power));
    }
    h = mix(h, t.exponent);
  }
  return h;
}

std::uint64_t hash(const Atom& atom) {
  std::uint64_t h = static_cast<std::uint64_t>(atom.kind) << 56 |
                    static_cast<std::uint64_t>(atom.op) << 40 |
                    static_cast<std::uint64_t>(atom.format) << 32 | atom.payload;
  for (const FormId a : atom.args) h = mix(h, a);
  return h;
}

bool too_large(const Rational& v) {
  using Integer = boost::multiprecision::cpp_int;
  const Integer num = abs(numerator(v));
  return (num != 0 && msb(num) > Forms::max_coefficient_bits) ||
         msb(Integer(denominator(v))) > Forms::max_coefficient_bits;
}

bool fits(const Form& form) {
  return form.size() <= max_terms && std::ranges::all_of(form, [](const Term& t) {
           return t.factors.size() <= max_factors && !too_large(t.coefficient) &&
                  std::ranges::all_of(t.factors, [](const Factor& f) {
                    return std::abs(f.power) <= Forms::max_power;
                  });
         });
}

}  // namespace

KnownFunctions::KnownFunctions(const Library& all) : library(all) {
  for (FunctionId id = 0; id < library.size() && !(exp && log); ++id) {
    if (!exp && is(Operation::RealExp, id)) exp = id;
    if (!log && is(Operation::RealLog, id)) log = id;
  }
}

bool KnownFunctions::is(Operation known, FunctionId id) const {
  const Function& f = library[id];
  const Graph& g = f.meaning;
  if (g.outputs.size() != 1 || f.argument_count() != 1) return false;
  const NodeId y = g.outputs[0];
  return g[y].op == known && g[g.arg(y, 0)].op == Operation::Input;
}

Forms::Forms(Graph& graph, const KnownFunctions& known, std::size_t opaque_inputs)
    : graph_(graph), known_(known), opaque_inputs_(opaque_inputs) {
  intern(Form{});  // zero
}

FormId Forms::intern(Form form) {
  const std::uint64_t h = hash(form);
  const auto [first, last] = forms_by_hash_.equal_range(h);
  for (auto it = first; it != last; ++it) {
    if (forms_[it->second] == form) return it->second;
  }
  const auto id = static_cast<FormId>(forms_.size());
  forms_.push_back(std::move(form));
  form_nodes_.push_back(no_node);
  forms_by_hash_.emplace(h, id);
  return id;
}

std::optional<AtomId> Forms::find(const Atom& atom) const {
  const auto [first, last] = atoms_by_hash_.equal_range(hash(atom));
  for (auto it = first; it != last; ++it) {
    if (atoms_[it->second] == atom) return it->second;
  }
  return std::nullopt;
}

AtomId Forms::intern(Atom atom, std::optional<NodeId> node) {
  if (const auto known = find(atom)) {
    if (atom_nodes_[*known] == no_node && node) atom_nodes_[*known] = *node;
    return *known;
  }
  const auto id = static_cast<AtomId>(atoms_.size());
  atoms_by_hash_.emplace(hash(atom), id);
  atoms_.push_back(std::move(atom));
  atom_nodes_.push_back(node.value_or(no_node));
  return id;
}

AtomId Forms::root_of(std::uint32_t prime) {
  return intern({Atom::Kind::root, Operation::Sqrt, Format::real, prime, {}}, std::nullopt);
}

AtomId Forms::sum_atom(FormId primitive) {
  return intern({Atom::Kind::sum, Operation::Add, Format::real, 0, {primitive}}, std::nullopt);
}

bool Forms::is_constant(const Term& term) const {
  return std::ranges::all_of(term.factors, [&](const Factor& f) { return is_root(f.atom); }) &&
         is_constant(term.exponent);
}

bool Forms::is_constant(FormId form) const {
  // Powers of e within powers of e do not nest deeper than forms are made, but are not followed.
  return std::ranges::all_of(forms_[form], [&](const Term& t) {
    return t.exponent == zero &&
           std::ranges::all_of(t.factors, [&](const Factor& f) { return is_root(f.atom); });
  });
}

FormId Forms::of(NodeId id) {
  if (of_node_.size() < graph_.size()) of_node_.resize(graph_.size(), unknown_form);
  if (of_node_[id] != unknown_form) return of_node_[id];
  std::vector<NodeId> wanted = {id};
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    for (const NodeId a : graph_.args(wanted[i])) {
      if (of_node_[a] != unknown_form) continue;
      of_node_[a] = zero;  // for now: wanted once
      wanted.push_back(a);
    }
  }
  std::ranges::sort(wanted);
  for (const NodeId node : wanted) {
    const FormId form = compute(node);
    of_node_[node] = form;
    if (form_nodes_[form] == no_node) form_nodes_[form] = node;
  }
  return of_node_[id];
}

FormId Forms::compute(NodeId id) {
  const auto form = graph_[id].format == Format::real ? expression(id) : std::nullopt;
  return form && fits(forms_[*form]) ? *form : application(id);
}

std::optional<FormId> Forms::expression(NodeId id) {
  const Node& node = graph_[id];
  const auto arg = [&](std::size_t k) { return of_node_[graph_.arg(id, k)]; };
  const auto is_seed = [&](std::size_t k) {
    const Node& a = graph_[graph_.arg(id, k)];
    return a.op == Operation::Input && a.payload >= opaque_inputs_;
  };
  switch (node.op) {
    case Operation::Constant:
      if (graph_.value(id) == 0) return zero;
      if (too_large(graph_.value(id))) return std::nullopt;
      return intern(Form{Term{graph_.value(id), {}, zero}});
    case Operation::Pi:
      return intern(Form{Term{1, {{root_of(0), 2}}, zero}});
    case Operation::E:
      return intern(Form{Term{1, {}, intern(Form{Term{}})}});
    case Operation::Add:
      return add(arg(0), arg(1));
    case Operation::Sub:
      return add(arg(0), arg(1), -1);
    case Operation::Neg:
      return add(zero, arg(0), -1);
    case Operation::Mul:
      if (is_seed(0) || is_seed(1)) return std::nullopt;
      return multiply(arg(0), arg(1));
    case Operation::Div:
      if (arg(1) == zero) return std::nullopt;
      return multiply(arg(0), of_term(power(as_term(arg(1)), -1)));
    case Operation::Sqrt:
      return square_root(arg(0));
    case Operation::RealExp:
      return of_term(Term{1, {}, arg(0)});
    case Operation::RealPow:
      return power_of(arg(0), arg(1));
    case Operation::Call:
      if (known_.is_exp(node.payload)) return of_term(Term{1, {}, arg(0)});
      if (is_power(known_.library[node.payload])) return power_of(arg(0), arg(1));
      return std::nullopt;
    default:
      return std::nullopt;
  }
}

FormId Forms::application(NodeId id) {
  const Node& node = graph_[id];
  Atom atom{Atom::Kind::application, node.op, node.format, node.payload, {}};
  if (node.op == Operation::Constant && node.format == Format::boolean) {
    atom.payload = graph_.value(id) == 0 ? 0 : 1;
  }
  for (const NodeId a : graph_.args(id)) atom.args.push_back(of_node_[a]);
  return intern(Form{Term{1, {{intern(std::move(atom), id), 1}}, zero}});
}

}  // namespace actc::ir
