// The words of the codes, in the order of the enumeration.
#include "frontend/code.h"

#include <array>

namespace actc::frontend {
namespace {

constexpr std::array<std::string_view, static_cast<std::size_t>(Code::unused_let)> names = {
    "stray-character",
    "unknown-operator",
    "bad-number",
    "missing-operator",
    "syntax",
    "equals-sign",
    "chained-comparison",
    "reserved-word",
    "no-inputs",
    "input-list",
    "misplaced-parameter",
    "misplaced-surrogate",
    "empty-text",
    "limit",
    "unknown-name",
    "unknown-function",
    "not-a-value",
    "not-a-function",
    "wrong-inputs",
    "unknown-parameter",
    "missing-parameter",
    "repeated-name",
    "defined-twice",
    "not-a-condition",
    "recursion",
    "bad-default",
    "operation-fixed",
    "other-head",
    "over-rows",
    "random-draw",
    "bad-rule",
    "no-meaning",
    "no-code",
    "mixed-formats",
    "wrong-format",
    "bad-constant",
    "derivative-disagrees",
    "rules-stopped",
    "cancellation",
    "amplification",
    "overflow",
    "underflow",
    "negative-sqrt",
    "negative-log",
    "negative-power",
    "division-by-zero",
    "jump",
    "zero-gradient",
    "unused-parameter",
    "unused-input",
    "unused-let",
};

}  // namespace

std::string_view name(Code code) {
  return code == Code::none ? std::string_view() : names[static_cast<std::size_t>(code) - 1];
}

std::span<const std::string_view> code_names() { return names; }

}  // namespace actc::frontend
