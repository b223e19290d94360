// What kind of message a diagnostic is: a word that stays the same while messages are reworded, for
// people to look up (`actc explain`, docs/messages.md) and for programs to tell messages apart.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace actc::frontend {

enum class Code : std::uint8_t {
  none,  // not a message about a text
  // Syntax.
  stray_character,
  unknown_operator,
  bad_number,
  missing_operator,
  syntax,
  equals_sign,
  chained_comparison,
  reserved_word,
  no_inputs,
  input_list,
  misplaced_parameter,
  misplaced_surrogate,
  empty_text,
  limit,
  // Names and what they stand for.
  unknown_name,
  unknown_function,
  not_a_value,
  not_a_function,
  wrong_inputs,
  unknown_parameter,
  missing_parameter,
  repeated_name,
  defined_twice,
  not_a_condition,
  recursion,
  bad_default,
  operation_fixed,
  other_head,
  over_rows,
  random_draw,
  bad_rule,
  // Implementations.
  no_meaning,
  no_code,
  mixed_formats,
  wrong_format,
  bad_constant,
  // Warnings.
  derivative_disagrees,
  rules_stopped,
  cancellation,
  amplification,
  overflow,
  underflow,
  negative_sqrt,
  negative_log,
  negative_power,
  division_by_zero,
  jump,
  zero_gradient,
  unused_parameter,
  unused_input,
  unused_let,
};

// "unknown-name"; empty for `none`.
std::string_view name(Code code);

// All but that of `none`, in the order above.
std::span<const std::string_view> code_names();

}  // namespace actc::frontend
