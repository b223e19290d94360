// From text to a library of functions: scan and parse, then lower.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "frontend/diagnostic.h"
#include "frontend/syntax.h"
#include "ir/function.h"

namespace actc::frontend {

// Limits on a text. Each is an error with its place when passed. Nesting is counted over all kinds
// together; chains to the left (`x + x + x`) do not nest.
inline constexpr std::size_t max_source_bytes = 256 * 1024;
inline constexpr std::size_t max_nesting = 1'000;  // parentheses, prefix operators, calls, lets, ?:
inline constexpr std::size_t max_definitions = 1'000;    // items of any kind
inline constexpr std::size_t max_number_digits = 1'100;  // every binary64 number has fewer than 770

// text → tree. Errors are appended to `diagnostics`; after one in an item, parsing goes on at the
// next item, so that all errors of a text are found.
SyntaxTree parse(std::string_view source, std::vector<Diagnostic>& diagnostics);

// tree → library extending `base`. Names are resolved, arguments counted, formats of
// implementations inferred, non-opaque functions inlined. `entry` is the last definition.
struct LoweredText {
  std::shared_ptr<ir::Library> library;
  std::optional<ir::FunctionId> entry;
};
LoweredText lower(const SyntaxTree& tree, std::string_view source,
                  const std::shared_ptr<const ir::Library>& base,
                  std::vector<Diagnostic>& diagnostics);

// The same of a text without a base that is right and outlives the library, as the standard
// library's is: an implementation is lowered when it is first asked for. (Most of that text is
// implementations, and a process needs few of them.)
LoweredText lower_deferred(std::shared_ptr<const SyntaxTree> tree, std::string_view source,
                           std::vector<Diagnostic>& diagnostics);

// Warns of each written derivative that is not marked `surrogate` and disagrees with its formula,
// compared in double at sample points.
void check_derivatives(const SyntaxTree& tree, const ir::Library& library,
                       std::vector<Diagnostic>& diagnostics);

// The tree as text, a node a line, indented (the `ast` stage).
std::string to_text(const SyntaxTree& tree);

}  // namespace actc::frontend
