// Forms are interned: equality is identity, and each node's form is made once.
#include "ir/normal.h"

#include <algorithm>
#include <map>

#include "ir/algebra.h"

namespace actc::ir {
namespace {

using Integer = boost::multiprecision::cpp_int;

constexpr FormId unknown_form = ~FormId{0};
constexpr NodeId no_node = ~NodeId{0};

// What is larger is an atom of its own: forms stay small whatever the formula.
constexpr std::size_t max_terms = 16;
constexpr std::size_t max_factors = 16;
constexpr int max_power = 64;
constexpr std::size_t max_coefficient_bits = 512;
constexpr int max_build_depth = 32;
constexpr int largest_prime = 1'000;

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
  const Integer num = abs(numerator(v));
  return (num != 0 && msb(num) > max_coefficient_bits) ||
         msb(Integer(denominator(v))) > max_coefficient_bits;
}

// Most coefficients are 1, and rationals are slow.
Rational product(const Rational& a, const Rational& b) {
  if (a == 1) return b;
  if (b == 1) return a;
  return a * b;
}

// The order of terms within a form.
bool before(const Term& a, const Term& b) {
  if (a.exponent != b.exponent) return a.exponent < b.exponent;
  return a.factors < b.factors;
}

bool is_exp_body(const Function& f) {
  const Graph& g = f.meaning;
  if (g.outputs.size() != 1 || f.argument_count() != 1) return false;
  const NodeId y = g.outputs[0];
  return g[y].op == Operation::RealExp && g[g.arg(y, 0)].op == Operation::Input;
}

}  // namespace

KnownFunctions::KnownFunctions(const Library& all) : library(all) {
  for (FunctionId id = 0; id < library.size() && !exp; ++id) {
    if (is_exp(id)) exp = id;
  }
}

bool KnownFunctions::is_exp(FunctionId id) const { return is_exp_body(library[id]); }

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
  const Node& node = graph_[id];
  const auto arg = [&](std::size_t k) { return of_node_[graph_.arg(id, k)]; };
  const auto is_seed = [&](std::size_t k) {
    const Node& a = graph_[graph_.arg(id, k)];
    return a.op == Operation::Input && a.payload >= opaque_inputs_;
  };
  std::optional<FormId> form;
  if (node.format == Format::real) {
    switch (node.op) {
      case Operation::Constant:
        if (graph_.value(id) == 0) return zero;
        if (!too_large(graph_.value(id))) form = intern(Form{Term{graph_.value(id), {}, zero}});
        break;
      case Operation::Pi: {
        form = intern(Form{Term{1, {{root_of(0), 2}}, zero}});
        break;
      }
      case Operation::E:
        form = intern(Form{Term{1, {}, intern(Form{Term{}})}});
        break;
      case Operation::Add:
        form = add(arg(0), arg(1));
        break;
      case Operation::Sub:
        form = add(arg(0), arg(1), -1);
        break;
      case Operation::Neg:
        form = add(zero, arg(0), -1);
        break;
      case Operation::Mul:
        if (!is_seed(0) && !is_seed(1)) form = multiply(arg(0), arg(1));
        break;
      case Operation::Div:
        if (arg(1) != zero) form = multiply(arg(0), of_term(power(as_term(arg(1)), -1)));
        break;
      case Operation::Sqrt:
        form = square_root(arg(0));
        break;
      case Operation::RealExp:
        form = of_term(Term{1, {}, arg(0)});
        break;
      case Operation::RealPow:
        form = power_of(arg(0), arg(1));
        break;
      case Operation::Call:
        if (is_power(known_.library[node.payload])) form = power_of(arg(0), arg(1));
        if (known_.is_exp(node.payload)) form = of_term(Term{1, {}, arg(0)});
        break;
      default:
        break;
    }
  }
  if (form) {
    const Form& terms = forms_[*form];
    const bool fits = terms.size() <= max_terms && std::ranges::all_of(terms, [](const Term& t) {
                        return t.factors.size() <= max_factors && !too_large(t.coefficient) &&
                               std::ranges::all_of(t.factors, [](const Factor& f) {
                                 return std::abs(f.power) <= max_power;
                               });
                      });
    if (fits) return *form;
  }
  return application(id);
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

// Of a positive rational with squares of roots: sqrt(8 / pi) = 2 sqrt(2) / sqrt(pi).
std::optional<FormId> Forms::square_root(FormId arg) {
  if (arg == zero) return zero;
  const Form& form = forms_[arg];
  if (form.size() != 1 || form[0].exponent != zero || form[0].coefficient < 0) return std::nullopt;
  Term result;
  for (const Factor& f : form[0].factors) {
    if (!is_root(f.atom) || f.power % 2 != 0) return std::nullopt;
    result.factors.push_back({f.atom, f.power / 2});
  }
  const Integer den = denominator(form[0].coefficient);
  Integer rest = numerator(form[0].coefficient) * den;
  result.coefficient = Rational(1, den);
  std::vector<int> primes;
  for (int p = 2; p <= largest_prime && Integer(p) * p <= rest; ++p) {
    while (rest % (p * p) == 0) {
      rest /= p * p;
      result.coefficient *= p;
    }
    if (rest % p == 0) {
      rest /= p;
      primes.push_back(p);
    }
  }
  const Integer root = sqrt(rest);
  if (root * root == rest) {
    result.coefficient *= Rational(root);
  } else if (rest <= largest_prime * largest_prime) {
    primes.push_back(rest.convert_to<int>());
  } else {
    return std::nullopt;
  }
  for (const int p : primes) {
    const AtomId atom = root_of(static_cast<std::uint32_t>(p));
    result = multiply(result, Term{1, {{atom, 1}}, zero});
  }
  return of_term(std::move(result));
}

std::optional<FormId> Forms::power_of(FormId base, FormId exponent) {
  if (base == zero || exponent == zero) return std::nullopt;
  const Form& b = forms_[base];
  if (b.size() == 1 && b[0].factors.empty() && b[0].coefficient == 1 && b[0].exponent != zero) {
    return of_term(Term{1, {}, multiply(b[0].exponent, exponent)});
  }
  const Form& e = forms_[exponent];
  if (e.size() != 1 || !e[0].is_number() || denominator(e[0].coefficient) != 1 ||
      abs(e[0].coefficient) > max_power) {
    return std::nullopt;
  }
  const int n = static_cast<int>(numerator(e[0].coefficient));
  const Term term = as_term(base);
  const Integer num = abs(numerator(term.coefficient));
  if ((msb(num) + msb(Integer(denominator(term.coefficient)))) * static_cast<unsigned>(abs(n)) >
      2 * max_coefficient_bits) {
    return std::nullopt;
  }
  return of_term(power(term, n));
}

// Of a root of a prime one power stays at most.
void Forms::normalize_roots(Term& term) {
  for (Factor& f : term.factors) {
    const Atom& atom = atoms_[f.atom];
    if (atom.kind != Atom::Kind::root || atom.payload == 0 || f.power == 0 || f.power == 1)
      continue;
    int pairs = (f.power - (f.power & 1)) / 2;
    f.power &= 1;
    const Rational prime(atom.payload);
    for (; pairs > 0; --pairs) term.coefficient *= prime;
    for (; pairs < 0; ++pairs) term.coefficient /= prime;
  }
  std::erase_if(term.factors, [](const Factor& f) { return f.power == 0; });
}

Term Forms::multiply(const Term& a, const Term& b) {
  Term result;
  result.coefficient = product(a.coefficient, b.coefficient);
  auto x = a.factors.begin();
  auto y = b.factors.begin();
  while (x != a.factors.end() || y != b.factors.end()) {
    if (y == b.factors.end() || (x != a.factors.end() && x->atom < y->atom)) {
      result.factors.push_back(*x++);
    } else if (x == a.factors.end() || y->atom < x->atom) {
      result.factors.push_back(*y++);
    } else {
      result.factors.push_back({x->atom, x->power + y->power});
      ++x;
      ++y;
    }
  }
  normalize_roots(result);
  result.exponent = add(a.exponent, b.exponent);
  return result;
}

Term Forms::power(const Term& a, int n) {
  Term result;
  if (a.coefficient != 1) {
    const Rational base = n < 0 ? Rational(1 / a.coefficient) : a.coefficient;
    for (int i = 0; i < std::abs(n); ++i) result.coefficient *= base;
  }
  for (const Factor& f : a.factors) result.factors.push_back({f.atom, f.power * n});
  normalize_roots(result);
  result.exponent = scaled(a.exponent, Term{n, {}, zero});
  return result;
}

std::optional<Term> Forms::root(const Term& a, int n) {
  if (n == 1) return a;
  if (n == -1) return power(a, -1);
  if (n != 2) return std::nullopt;
  const FormId number = intern(Form{Term{a.coefficient, {}, zero}});
  const auto coefficient = square_root(number);
  if (!coefficient) return std::nullopt;
  Term result = as_term(*coefficient);
  Term rest;
  for (const Factor& f : a.factors) {
    if (f.power % 2 != 0) return std::nullopt;
    rest.factors.push_back({f.atom, f.power / 2});
  }
  rest.exponent = scaled(a.exponent, Term{Rational(1, 2), {}, zero});
  return multiply(result, rest);
}

FormId Forms::add(FormId a, FormId b, const Rational& scale) {
  if (b == zero) return a;
  if (a == zero && scale == 1) return b;
  const Form& x = forms_[a];
  const Form& y = forms_[b];
  Form sum;
  auto i = x.begin();
  auto j = y.begin();
  while (i != x.end() || j != y.end()) {
    if (j == y.end() || (i != x.end() && before(*i, *j))) {
      sum.push_back(*i++);
    } else if (i == x.end() || before(*j, *i)) {
      sum.push_back(*j++);
      sum.back().coefficient = product(sum.back().coefficient, scale);
    } else {
      Rational c = i->coefficient + product(scale, j->coefficient);
      if (c != 0) {
        sum.push_back(*i);
        sum.back().coefficient = std::move(c);
      }
      ++i;
      ++j;
    }
  }
  return intern(std::move(sum));
}

FormId Forms::scaled(FormId a, const Term& constant) {
  if (constant.is_one() || a == zero) return a;
  Form product;
  const Form terms = forms_[a];
  for (const Term& t : terms) product.push_back(multiply(t, constant));
  std::ranges::sort(product, before);
  return intern(std::move(product));
}

FormId Forms::multiply(FormId a, FormId b) {
  if (a == zero || b == zero) return zero;
  for (const auto& [constant, other] : {std::pair{a, b}, std::pair{b, a}}) {
    const Form& form = forms_[constant];
    if (form.size() == 1 && form[0].exponent == zero && is_constant(form[0])) {
      return scaled(other, Term(form[0]));
    }
  }
  return of_term(multiply(as_term(a), as_term(b)));
}

FormId Forms::of_term(Term term) {
  if (term.coefficient == 0) return zero;
  // A constant times a sum is the sum, scaled.
  const Factor* sum = nullptr;
  bool alone = term.exponent == zero;
  for (const Factor& f : term.factors) {
    if (is_root(f.atom)) continue;
    alone = alone && sum == nullptr && f.power == 1 && atoms_[f.atom].kind == Atom::Kind::sum;
    sum = &f;
  }
  if (alone && sum != nullptr) {
    const FormId terms = atoms_[sum->atom].args[0];
    std::erase(term.factors, Factor(*sum));
    return scaled(terms, term);
  }
  return intern(Form{std::move(term)});
}

// The exponents' difference decides, then that of the factors: the order of two terms stays when
// both are multiplied by a third, so that the first term of a sum stays the first.
std::strong_ordering Forms::compare_exponents(FormId a, FormId b) const {
  if (a == b) return std::strong_ordering::equal;
  const auto sign = [](const Rational& v) {
    return v < 0 ? std::strong_ordering::less : std::strong_ordering::greater;
  };
  const Form& x = forms_[a];
  const Form& y = forms_[b];
  auto i = x.begin();
  auto j = y.begin();
  while (i != x.end() || j != y.end()) {
    if (j == y.end() || (i != x.end() && before(*i, *j))) return sign(i->coefficient);
    if (i == x.end() || before(*j, *i)) return sign(-j->coefficient);
    if (i->coefficient != j->coefficient) return sign(i->coefficient - j->coefficient);
    ++i;
    ++j;
  }
  return std::strong_ordering::equal;
}

std::strong_ordering Forms::compare(const Term& a, const Term& b) const {
  if (const auto c = compare_exponents(a.exponent, b.exponent); c != 0) return c;
  auto x = a.factors.begin();
  auto y = b.factors.begin();
  while (x != a.factors.end() || y != b.factors.end()) {
    if (y == b.factors.end() || (x != a.factors.end() && x->atom < y->atom)) return x->power <=> 0;
    if (x == a.factors.end() || y->atom < x->atom) return 0 <=> y->power;
    if (x->power != y->power) return x->power <=> y->power;
    ++x;
    ++y;
  }
  return std::strong_ordering::equal;
}

// The constant and the power of e of the first term, and the atoms that all terms have.
Term Forms::content(const Form& form) const {
  const Term& lead = *std::ranges::min_element(
      form, [&](const Term& a, const Term& b) { return compare(a, b) < 0; });
  Term result{lead.coefficient, {}, lead.exponent};
  std::map<AtomId, int> lowest;
  for (std::size_t i = 0; i < form.size(); ++i) {
    for (const Factor& f : form[i].factors) {
      if (!is_root(f.atom)) lowest.try_emplace(f.atom, 0);
    }
  }
  for (auto& [atom, power] : lowest) {
    power = max_power * 4;
    for (const Term& t : form) {
      const auto it = std::ranges::find(t.factors, atom, &Factor::atom);
      power = std::min(power, it == t.factors.end() ? 0 : it->power);
    }
  }
  for (const Factor& f : lead.factors) {
    if (is_root(f.atom)) lowest.emplace(f.atom, f.power);
  }
  for (const auto& [atom, power] : lowest) {
    if (power != 0) result.factors.push_back({atom, power});
  }
  return result;
}

Term Forms::as_term(FormId form) {
  if (form == zero) return Term{0, {}, zero};
  if (forms_[form].size() == 1) return forms_[form][0];
  const Form terms = forms_[form];
  const Term common = content(terms);
  const Term inverse = power(common, -1);
  Form primitive;
  for (const Term& t : terms) primitive.push_back(multiply(t, inverse));
  std::ranges::sort(primitive, before);
  return multiply(common, Term{1, {{sum_atom(intern(std::move(primitive))), 1}}, zero});
}

FormId Forms::expanded(FormId form) {
  if (forms_[form].size() != 1) return form;
  Term rest = forms_[form][0];
  const auto sum = std::ranges::find_if(rest.factors, [&](const Factor& f) {
    return atoms_[f.atom].kind == Atom::Kind::sum && f.power == 1;
  });
  if (sum == rest.factors.end()) return form;
  const Form terms = forms_[atoms_[sum->atom].args[0]];
  rest.factors.erase(sum);
  Form product;
  for (const Term& t : terms) product.push_back(multiply(t, rest));
  std::ranges::sort(product, before);
  return intern(std::move(product));
}

NodeId Forms::node(FormId form) {
  if (form_nodes_[form] == no_node) form_nodes_[form] = rebuilt(form);
  return form_nodes_[form];
}

NodeId Forms::rebuilt(FormId form) {
  if (depth_ >= max_build_depth) throw FormTooDeep{};
  struct Deeper {
    int& depth;
    explicit Deeper(int& d) : depth(d) { ++depth; }
    ~Deeper() { --depth; }
  };
  const Deeper deeper(depth_);
  return build(Form(forms_[form]));
}

NodeId Forms::node(const Term& term) { return node(of_term(term)); }

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

NodeId Forms::build_power(NodeId base, int n) {
  Algebra algebra(graph_, known_.library);
  std::optional<NodeId> result;
  for (NodeId square = base; n > 0; n /= 2) {
    if (n % 2 == 1) result = result ? algebra.mul(*result, square) : square;
    if (n > 1) square = algebra.mul(square, square);
  }
  return result.value_or(algebra.number(1));
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

}  // namespace actc::ir
