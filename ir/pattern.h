// Patterns: the left sides of rules, as normal forms of their variables.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "ir/normal.h"

namespace actc::ir {

class Pattern {
 public:
  enum class Kind : std::uint8_t {
    application,  // of one function or operation: the whole of a node
    product,      // part of a product
    sum,          // part of a sum, times a factor
  };
  static constexpr std::size_t max_variables = 16;
  static constexpr std::size_t max_nodes = 100;

  // Nothing where the left side has no function, or is too large.
  static std::optional<Pattern> of(const Rule& rule, const KnownFunctions& known);

  Kind kind() const { return kind_; }
  const Forms& forms() const { return *forms_; }
  FormId root() const { return root_; }
  std::size_t variable_count() const { return variable_count_; }
  std::uint64_t heads() const { return heads_; }

  // The variables of a part of the pattern, a bit each.
  std::uint32_t variables(FormId form) const;
  std::uint32_t variables(const Term& term) const;
  std::uint32_t variables_of(AtomId atom) const;
  bool is_variable(AtomId atom) const;
  std::uint32_t variable(AtomId atom) const { return forms_->atom(atom).payload; }

 private:
  Kind kind_ = Kind::application;
  std::size_t variable_count_ = 0;
  std::uint64_t heads_ = 0;
  FormId root_ = 0;
  std::shared_ptr<Graph> graph_;
  std::shared_ptr<Forms> forms_;
};

// A bit for each function or operation that a sum or product is made of, down to the arguments of
// functions: what has not the bits of a pattern cannot match it. Extends `heads` to the graph.
void find_heads(const Graph& graph, const KnownFunctions& known, std::vector<std::uint64_t>& heads);
std::uint64_t head_of_exp();
// Of a quotient. A pattern has it that is no more than that.
std::uint64_t head_of_division();

}  // namespace actc::ir
