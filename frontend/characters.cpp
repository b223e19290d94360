// Texts are pasted from papers, chats and other languages: each character that is likely there and
// not of the language has its replacement in one table.
#include "frontend/characters.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>

#include "frontend/frontend.h"

namespace actc::frontend {
namespace {

constexpr std::pair<TokenKind, std::string_view> nothing{TokenKind::unknown, ""};

constexpr Stranger as(std::string_view character, std::string_view suggestion, TokenKind kind,
                      std::string_view text) {
  return {character, suggestion, {std::pair{kind, text}, nothing}};
}
constexpr Stranger power(std::string_view character, std::string_view suggestion,
                         std::string_view exponent) {
  return {character, suggestion, {std::pair{TokenKind::power, "^"}, {TokenKind::number, exponent}}};
}
constexpr Stranger space(std::string_view character) {
  return {character, "write a plain space", {nothing, nothing}};
}

constexpr std::array strangers = {
    as("×", "write `*`", TokenKind::star, "*"),
    as("·", "write `*`", TokenKind::star, "*"),
    as("⋅", "write `*`", TokenKind::star, "*"),
    as("∗", "write `*`", TokenKind::star, "*"),
    as("∙", "write `*`", TokenKind::star, "*"),
    as("÷", "write `/`", TokenKind::slash, "/"),
    as("∕", "write `/`", TokenKind::slash, "/"),
    as("⁄", "write `/`", TokenKind::slash, "/"),
    as("−", "write `-`", TokenKind::minus, "-"),
    as("‐", "write `-`", TokenKind::minus, "-"),
    as("‑", "write `-`", TokenKind::minus, "-"),
    as("–", "write `-`", TokenKind::minus, "-"),
    as("—", "write `-`", TokenKind::minus, "-"),
    as("ˆ", "write `^`", TokenKind::power, "^"),
    as("≤", "write `<=`", TokenKind::less_equal, "<="),
    as("≥", "write `>=`", TokenKind::greater_equal, ">="),
    as("≠", "write `!=`", TokenKind::not_equal, "!="),
    as("∧", "write `and`", TokenKind::and_, "and"),
    as("∨", "write `or`", TokenKind::or_, "or"),
    as("¬", "write `not`", TokenKind::not_, "not"),
    as("（", "write `(`", TokenKind::left_parenthesis, "("),
    as("）", "write `)`", TokenKind::right_parenthesis, ")"),
    as("，", "write `,`", TokenKind::comma, ","),
    as("；", "write `;`", TokenKind::semicolon, ";"),
    as("＝", "write `=`", TokenKind::assign, "="),
    as("＋", "write `+`", TokenKind::plus, "+"),
    as("[", "write `(`", TokenKind::left_parenthesis, "("),
    as("]", "write `)`", TokenKind::right_parenthesis, ")"),
    as("{", "write `(`", TokenKind::left_parenthesis, "("),
    as("}", "write `)`", TokenKind::right_parenthesis, ")"),
    as("π", "write `pi`", TokenKind::name, "pi"),
    as("∞", "write `inf`", TokenKind::name, "inf"),
    as("√", "write `sqrt(...)`", TokenKind::name, "sqrt"),
    as("σ", "write `sigmoid(...)` for the function, `sigma` for a name", TokenKind::name, "sigma"),
    as("Φ", "write `normcdf(...)` for the function, `Phi` for a name", TokenKind::name, "Phi"),
    as("α", "write `alpha`", TokenKind::name, "alpha"),
    as("β", "write `beta`", TokenKind::name, "beta"),
    as("γ", "write `gamma`", TokenKind::name, "gamma"),
    as("δ", "write `delta`", TokenKind::name, "delta"),
    as("ε", "write `epsilon`", TokenKind::name, "epsilon"),
    as("ϵ", "write `epsilon`", TokenKind::name, "epsilon"),
    as("θ", "write `theta`", TokenKind::name, "theta"),
    as("λ", "write `lambda`", TokenKind::name, "lambda"),
    as("μ", "write `mu`", TokenKind::name, "mu"),
    as("µ", "write `mu`", TokenKind::name, "mu"),
    as("τ", "write `tau`", TokenKind::name, "tau"),
    as("φ", "write `phi`", TokenKind::name, "phi"),
    as("ω", "write `omega`", TokenKind::name, "omega"),
    power("²", "write `^2`", "2"),
    power("³", "write `^3`", "3"),
    power("⁴", "write `^4`", "4"),
    Stranger{"½", "write `0.5`", {std::pair{TokenKind::number, "0.5"}, nothing}},
    Stranger{"¼", "write `0.25`", {std::pair{TokenKind::number, "0.25"}, nothing}},
    space("\u00a0"),
    space("\u2009"),
    space("\u202f"),
    space("\u200b"),
    space("\u3000"),
    Stranger{"%",
             "the remainder is `a - b * floor(a / b)`",
             {std::pair{TokenKind::unknown, "%"}, nothing}},
    Stranger{"|", "the absolute value is `abs(x)`", {std::pair{TokenKind::unknown, "|"}, nothing}},
    Stranger{"&",
             "write `and`, or `bit_and(a, b)` for integers",
             {std::pair{TokenKind::and_, "and"}, nothing}},
    Stranger{".",
             "functions have plain names: `exp`, not `np.exp`",
             {std::pair{TokenKind::unknown, "."}, nothing}},
};

}  // namespace

std::size_t utf8_length(std::string_view text) {
  const auto byte = [&](std::size_t i) -> unsigned { return static_cast<unsigned char>(text[i]); };
  const auto continues = [&](std::size_t i) {
    return i < text.size() && (byte(i) & 0xc0U) == 0x80;
  };
  if (text.empty()) return 0;
  const unsigned first = byte(0);
  if (first < 0x80) return 1;
  if (first >= 0xc2 && first < 0xe0) return continues(1) ? 2 : 0;
  if (first >= 0xe0 && first < 0xf0) {
    if (!continues(1) || !continues(2)) return 0;
    if (first == 0xe0 && byte(1) < 0xa0) return 0;   // overlong
    if (first == 0xed && byte(1) >= 0xa0) return 0;  // surrogates
    return 3;
  }
  if (first >= 0xf0 && first < 0xf5) {
    if (!continues(1) || !continues(2) || !continues(3)) return 0;
    if (first == 0xf0 && byte(1) < 0x90) return 0;   // overlong
    if (first == 0xf4 && byte(1) >= 0x90) return 0;  // past U+10FFFF
    return 4;
  }
  return 0;
}

bool check_bytes(std::string_view source, Reporter& report) {
  if (source.size() > max_source_bytes) {
    const auto place = static_cast<std::uint32_t>(max_source_bytes);
    report.error(Code::limit, {place, place + 1},
                 fmt::format("the text is {} bytes long; at most {} are read", source.size(),
                             max_source_bytes));
    return false;
  }
  for (std::size_t at = 0; at < source.size();) {
    const std::size_t length = utf8_length(source.substr(at));
    const auto place = static_cast<std::uint32_t>(at);
    if (source[at] == '\0') {
      report.error(Code::stray_character, {place, place + 1}, "the text holds a NUL byte",
                   "is it a text?");
      return false;
    }
    if (length == 0) {
      report.error(Code::stray_character, {place, place + 1}, "the text is not valid UTF-8",
                   "save it as UTF-8");
      return false;
    }
    at += length;
  }
  return true;
}

const Stranger* find_stranger(std::string_view character) {
  const auto* it = std::ranges::find(strangers, character, &Stranger::character);
  return it == strangers.end() ? nullptr : it;
}

std::string describe_character(std::string_view character) {
  const auto byte = [&](std::size_t i) -> std::uint32_t {
    return static_cast<unsigned char>(character[i]);
  };
  const std::size_t length = character.size();
  std::uint32_t code = byte(0);
  if (length > 1) code &= 0xffU >> (length + 1);
  for (std::size_t i = 1; i < length; ++i) code = code << 6 | (byte(i) & 0x3fU);
  // Controls and spaces show nothing, or upset a terminal.
  const bool invisible = code <= 0xa0 || (code >= 0x2000 && code <= 0x206f) || code == 0x3000;
  return invisible ? fmt::format("the character U+{:04X}", code)
                   : fmt::format("`{}` (U+{:04X})", character, code);
}

}  // namespace actc::frontend
