// A text while it is lowered: its functions, those of its base, and how names find them.
#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "frontend/frontend.h"
#include "frontend/report.h"

namespace actc::frontend {

// A function that the text defines, or its own copy of one of the base to which it adds a
// derivative or an implementation.
struct OwnFunction {
  const ItemHead* definition = nullptr;  // null: a copy
  ir::FunctionId id = 0;                 // helpers have none
  // Uses operations that have no meaning over the reals: it takes whatever formats it is given in
  // implementations, and is not part of the library.
  bool helper = false;
  ir::Function helper_function;  // the signature of a helper
  // Derivatives or implementations are written for it: calls to it stay calls.
  bool opaque = false;
  // Something in its definition is wrong and reported: uses of it are not errors too.
  bool broken = false;
};

struct Callee {
  enum class Kind : std::uint8_t { unknown, own, base, operation };
  Kind kind = Kind::unknown;
  std::size_t own = 0;    // index in Program::own
  ir::FunctionId id = 0;  // own (not a helper) and base
  ir::Operation operation = ir::Operation::Call;
};

struct Program {
  const SyntaxTree& tree;
  std::string_view source;
  std::shared_ptr<const ir::Library> base;
  Reporter& report;
  std::shared_ptr<ir::Library> library;
  std::vector<OwnFunction> own;
  std::map<std::string, std::size_t, std::less<>> own_by_name;
  // Nodes inlined and expressions lowered again, over the whole text. Hash-consing lets work grow
  // without nodes: this bounds it.
  std::size_t work = 0;
  std::map<ir::FunctionId, ir::Graph> expanded_meanings;

  static constexpr std::size_t max_work = 1'000'000;

  std::string_view slice(Span span) const {
    return source.substr(span.begin, span.end - span.begin);
  }

  // The text's own, else the base's, else an operation.
  Callee resolve(std::string_view name) const;
  // What `^` calls: the base's `pow` whatever the text defines; in the text that is the base of all
  // others its own. Unknown where neither has one.
  Callee resolve_power() const;

  const ir::Function& function(const Callee& callee) const;
  ir::Function& own_function(OwnFunction& own);
  // May it be called in a meaning or a derivative without staying a call?
  bool stays_call(const Callee& callee) const;
  const ir::Graph& expanded_meaning(ir::FunctionId id);

  // Counts work; throws GraphTooLarge past the limit.
  void spend(std::size_t amount) {
    work += amount;
    if (work > max_work) throw ir::GraphTooLarge{};
  }

  std::vector<std::string_view> function_names() const;
  std::uint32_t line_of(Span span) const;
};

// `clamp(x, lo, hi)`, `swish(x; beta = 1)`, for messages.
std::string signature(const ir::Function& function);
std::string signature(ir::Operation operation);

// The functions of a text in an order in which each comes after those that its definition uses.
// Finds helpers and recursion; functions on a cycle are reported and marked broken.
std::vector<std::size_t> order_definitions(Program& program);

// Implementations that need themselves, through others or directly, are reported.
void check_implementation_cycles(Program& program);

}  // namespace actc::frontend
