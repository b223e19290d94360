// Normal forms of expressions over the reals, in which what is the same modulo commutation,
// association and the laws of powers is equal: sums of monomials with rational coefficients, whose
// factors are atoms with integer powers and a power of e with a form as its exponent.
//
// `2 * (x + 1)` and `x + x + 2` have one form, and so have `1 / exp(-x)` and `exp(x)`, `sqrt(2) *
// (x / sqrt(2))` and `x`. A product of sums is not multiplied out: a sum that is a factor is an
// atom, divided by its content so that `2 + 2 * y` and `1 + y` are the same atom.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <unordered_map>
#include <vector>

#include "ir/function.h"
#include "ir/graph.h"

namespace actc::ir {

using FormId = std::uint32_t;
using AtomId = std::uint32_t;

struct Factor {
  AtomId atom;
  int power;
  friend auto operator<=>(const Factor&, const Factor&) = default;
};

struct Term {
  Rational coefficient = 1;
  std::vector<Factor> factors;  // by atom, no power 0
  FormId exponent = 0;          // of e

  bool is_number() const { return factors.empty() && exponent == 0; }
  bool is_one() const { return is_number() && coefficient == 1; }
  friend bool operator==(const Term&, const Term&) = default;
};

// Terms in a fixed order, no two with the same factors and exponent.
using Form = std::vector<Term>;

struct Atom {
  enum class Kind : std::uint8_t {
    application,  // an operation or a function of forms, an input, …
    sum,          // a sum as a factor: args[0]
    root,         // the square root of a prime number or of pi: irrational, and constant
  };
  Kind kind = Kind::application;
  Operation op = Operation::Call;
  Format format = Format::real;
  std::uint32_t payload = 0;  // as a node's; of a root the prime, 0 for pi
  std::vector<FormId> args;

  friend bool operator==(const Atom&, const Atom&) = default;
};

// The functions that normal forms know, by their meaning: whatever their names.
struct KnownFunctions {
  explicit KnownFunctions(const Library& library);

  const Library& library;
  std::optional<FunctionId> exp;  // the first in the library
  std::optional<FunctionId> log;
  bool is_exp(FunctionId id) const { return is(Operation::RealExp, id); }
  // Is the function just this operation of its input?
  bool is(Operation known, FunctionId id) const;
};

// A form would pass a limit on its nesting.
struct FormTooDeep {};

// The forms of a graph that grows, and nodes for forms.
class Forms {
 public:
  static constexpr FormId zero = 0;
  // An expression with larger powers or coefficients is an atom of its own.
  static constexpr int max_power = 64;
  static constexpr std::size_t max_coefficient_bits = 512;

  // Inputs at positions from `opaque_inputs` on are seeds of gradients: a product with one stays a
  // product of two.
  Forms(Graph& graph, const KnownFunctions& known, std::size_t opaque_inputs);

  FormId of(NodeId id);
  // A node with this form: the first that was asked about, else a new one. Throws FormTooDeep.
  NodeId node(FormId form);
  NodeId node(const Term& term);
  // As it is built where no node has it.
  NodeId rebuilt(FormId form);

  const Form& operator[](FormId form) const { return forms_[form]; }
  const Atom& atom(AtomId id) const { return atoms_[id]; }
  bool is_root(AtomId id) const { return atoms_[id].kind == Atom::Kind::root; }
  // Rational, or with roots and powers of e.
  bool is_constant(const Term& term) const;
  bool is_constant(FormId form) const;

  double size(FormId form) const;  // the sum of its coefficients' magnitudes

  FormId intern(Form form);
  FormId of_term(Term term);
  AtomId root_of(std::uint32_t prime);  // 0 for pi
  // The atom, where it exists.
  std::optional<AtomId> find(const Atom& atom) const;
  // A form as one term: of a sum its content times the atom of the rest.
  Term as_term(FormId form);
  // A term whose one factor beside powers of e is a sum, multiplied out; else the form itself.
  FormId expanded(FormId form);

  FormId add(FormId a, FormId b, const Rational& scale = 1);
  FormId scaled(FormId a, const Term& factor);  // each term times the factor
  FormId multiply(FormId a, FormId b);
  Term multiply(const Term& a, const Term& b);
  Term power(const Term& a, int n);
  std::optional<Term> root(const Term& a, int n);  // the n-th, where it is a term; not of e^x

 private:
  static constexpr NodeId no_node = ~NodeId{0};

  FormId compute(NodeId id);
  // By the laws of its operation; nothing where it has none here.
  std::optional<FormId> expression(NodeId id);
  FormId application(NodeId id);
  std::optional<FormId> square_root(FormId arg);
  std::optional<FormId> power_of(FormId base, FormId exponent);
  AtomId intern(Atom atom, std::optional<NodeId> node);
  AtomId sum_atom(FormId primitive);
  void normalize_roots(Term& term);
  Term content(const Form& form) const;
  std::strong_ordering compare(const Term& a, const Term& b) const;
  std::strong_ordering compare_exponents(FormId a, FormId b) const;
  NodeId build(const Form& form);
  NodeId build(const Term& term);
  NodeId build_power(NodeId base, int n);

  Graph& graph_;
  const KnownFunctions& known_;
  std::size_t opaque_inputs_;
  std::vector<Form> forms_;
  std::vector<Atom> atoms_;
  std::vector<NodeId> form_nodes_;
  std::vector<NodeId> atom_nodes_;
  std::vector<FormId> of_node_;
  std::unordered_multimap<std::uint64_t, FormId> forms_by_hash_;
  std::unordered_multimap<std::uint64_t, AtomId> atoms_by_hash_;
  int depth_ = 0;
};

}  // namespace actc::ir
