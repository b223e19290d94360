// Functions and libraries of functions.
//
// A function has a meaning (its formula over the reals), may have derivatives written beside it and
// implementations for number formats. Graphs refer to functions by id in a library; a library may
// extend a base (a user's text extends the standard library), whose ids it keeps.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ir/graph.h"

namespace actc::ir {

struct Parameter {
  std::string name;
  std::optional<Rational> default_value;
  bool learned = false;
};

struct Derivative {
  Graph body;  // inputs and parameters as the function's; one output
  bool surrogate = false;
  bool derived = false;  // from the meaning; false: written in the text
};

// How to compute a function in a number format: a typed graph, made when it is first asked for.
// Copies share it. Thread-safe.
class Implementation {
 public:
  Implementation(Graph graph);
  explicit Implementation(std::function<Graph()> make);
  const Graph& graph() const;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

struct Function {
  std::string name;  // empty for a bare expression
  std::string documentation;
  std::string source;  // the right-hand side of the definition as it was typed
  std::vector<std::string> inputs;
  std::vector<Parameter> parameters;
  Graph meaning;
  // One an input, then one a parameter; nothing where it is to be derived.
  std::vector<std::optional<Derivative>> derivatives;
  // Inputs and parameters have the format; calls are to functions by id.
  std::map<Format, Implementation> implementations;

  std::size_t argument_count() const { return inputs.size() + parameters.size(); }
  // Calls to it stay calls until its derivative or implementation is asked for; others are inlined
  // where they are used.
  bool is_opaque() const;
};

// An identity over the reals that `stabilize` applies from left to right. Its variables are the
// inputs of its graphs.
struct Rule {
  std::string text;  // as it was typed
  std::vector<std::string> variables;
  Graph left;
  Graph right;
  Graph condition;                     // boolean outputs, all of which must be proved
  std::vector<std::size_t> unbounded;  // variables of which no finite bound may be known
};

class Library {
 public:
  Library() = default;
  explicit Library(std::shared_ptr<const Library> base);

  void add_rule(Rule rule) { rules_.push_back(std::move(rule)); }
  // Its own, not those of its base, in the order of the text, which is the order of trying.
  std::span<const Rule> rules() const { return rules_; }
  const Library* base() const { return base_.get(); }

  FunctionId add(Function function);
  std::size_t size() const { return base_size_ + own_.size(); }
  std::size_t base_size() const { return base_size_; }
  const Function& operator[](FunctionId id) const;
  Function& own(FunctionId id);  // id must be of this library, not of its base

  // The latest function of this name, own before base.
  std::optional<FunctionId> find(std::string_view name) const;

 private:
  std::shared_ptr<const Library> base_;
  std::size_t base_size_ = 0;
  std::vector<Function> own_;
  std::vector<Rule> rules_;
  std::map<std::string, FunctionId, std::less<>> names_;
};

}  // namespace actc::ir
