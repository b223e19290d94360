// The grammar of tokens, in Boost.Spirit X3. This is the only file that includes X3: its templates
// are slow to compile, and its parsers recurse, which a flat list of tokens never asks of them.
// Which token follows which is the business of the operator-precedence parser.
#include "frontend/scan.h"

#include <fmt/format.h>

#include <boost/spirit/home/x3.hpp>
#include <string>

#include "frontend/characters.h"
#include "frontend/frontend.h"

namespace actc::frontend {
namespace {

namespace x3 = boost::spirit::x3;

struct Symbols : x3::symbols<TokenKind> {
  Symbols() {
    add("(", TokenKind::left_parenthesis)(")", TokenKind::right_parenthesis)(",", TokenKind::comma)(
        ";", TokenKind::semicolon)("?", TokenKind::question)(":", TokenKind::colon)(
        "=", TokenKind::assign)("==", TokenKind::equal)("!=", TokenKind::not_equal)(
        "<", TokenKind::less)("<=", TokenKind::less_equal)(">", TokenKind::greater)(
        ">=", TokenKind::greater_equal)("+", TokenKind::plus)("-", TokenKind::minus)(
        "*", TokenKind::star)("/", TokenKind::slash)("^", TokenKind::power)("**", TokenKind::power);
  }
};

struct Keywords : x3::symbols<TokenKind> {
  Keywords() {
    add("let", TokenKind::let)("in", TokenKind::in)("and", TokenKind::and_)("or", TokenKind::or_)(
        "not", TokenKind::not_)("learn", TokenKind::learn)("rule", TokenKind::rule)(
        "surrogate", TokenKind::surrogate);
  }
};

// Symbols of other languages, reported and taken for ours; before `Symbols`, so that `&&` is not
// two strangers. `//` and `=>` would otherwise be read as two symbols and reported less well.
struct ForeignSymbols : x3::symbols<TokenKind> {
  ForeignSymbols() {
    add("&&", TokenKind::and_)("||", TokenKind::or_)("!", TokenKind::not_)("~", TokenKind::not_)(
        "<>", TokenKind::not_equal)("=>", TokenKind::greater_equal)("=<", TokenKind::less_equal)(
        ":=", TokenKind::assign)("===", TokenKind::equal)("!==", TokenKind::not_equal)(
        "//", TokenKind::slash);
  }
};

void report_foreign_symbol(const Token& token, Reporter& report) {
  const auto meant = [&]() -> std::string_view {
    switch (token.kind) {
      case TokenKind::and_:
        return "and";
      case TokenKind::or_:
        return "or";
      case TokenKind::not_:
        return "not";
      case TokenKind::not_equal:
        return "!=";
      case TokenKind::equal:
        return "==";
      case TokenKind::greater_equal:
        return ">=";
      case TokenKind::less_equal:
        return "<=";
      case TokenKind::assign:
        return "=";
      default:
        return "";
    }
  }();
  report.error(Code::unknown_operator, token.span,
               fmt::format("`{}` is not an operator", token.text),
               meant.empty() ? "a comment starts with `#`; the integer quotient is `floor(a / b)`"
                             : fmt::format("write `{}`", meant));
}

// A character outside the grammar: what was meant goes into `tokens` where that is plain.
void take_stranger(Span span, std::string_view text, std::vector<Token>& tokens, Reporter& report) {
  const Stranger* stranger = find_stranger(text);
  const bool ascii = text.size() == 1 && text[0] > ' ' && text[0] < '\x7f';
  const std::string shown = ascii ? fmt::format("`{}`", text) : describe_character(text);
  if (stranger == nullptr) {
    report.error(Code::stray_character, span, fmt::format("{} has no meaning here", shown),
                 text.size() == 1 ? "" : "outside comments a text is written in ASCII characters");
    tokens.push_back({TokenKind::unknown, span, text});
    return;
  }
  report.error(Code::stray_character, span, fmt::format("{} has no meaning here", shown),
               std::string(stranger->suggestion));
  for (const auto& [kind, meant] : stranger->tokens) {
    if (!meant.empty()) tokens.push_back({kind, span, meant});
  }
}

}  // namespace

std::vector<Token> scan(std::string_view source, Reporter& report) {
  std::vector<Token> tokens;
  const auto end_token = [&] {
    // At the end of the last token, so that a caret stands on a line of text.
    const std::uint32_t place = tokens.empty() ? 0 : tokens.back().span.end;
    tokens.push_back({TokenKind::end, {place, place}, {}});
  };
  if (!check_bytes(source, report)) {
    end_token();
    return tokens;
  }

  const char* const begin = source.data();
  TokenKind kind = TokenKind::unknown;
  const auto token_at = [&](const auto& ctx) -> Token {
    const auto& range = x3::_attr(ctx);
    const auto first = static_cast<std::uint32_t>(range.begin() - begin);
    const auto last = static_cast<std::uint32_t>(range.end() - begin);
    return {kind, {first, last}, source.substr(first, last - first)};
  };
  const auto set_kind = [&](const auto& ctx) { kind = x3::_attr(ctx); };
  const auto push = [&](const auto& ctx) { tokens.push_back(token_at(ctx)); };
  const auto push_as = [&](TokenKind fixed) {
    return [&, fixed](const auto& ctx) {
      kind = fixed;
      tokens.push_back(token_at(ctx));
    };
  };
  const auto push_foreign = [&](const auto& ctx) {
    report_foreign_symbol(token_at(ctx), report);
    tokens.push_back(token_at(ctx));
  };
  const auto push_stranger = [&](const auto& ctx) {
    const Token token = token_at(ctx);
    take_stranger(token.span, token.text, tokens, report);
  };

  const Symbols symbol;
  const Keywords keyword;
  const ForeignSymbols foreign;

  const auto letter = x3::char_("A-Za-z_");
  const auto digit = x3::char_("0-9");
  const auto word_character = x3::char_("A-Za-z0-9_");
  const auto to_end_of_line = *(x3::char_ - '\n');

  const auto documentation = x3::lit("##") >> !x3::lit('#') >> to_end_of_line;
  const auto comment = x3::lit('#') >> to_end_of_line;
  const auto blank = x3::omit[x3::char_(" \t\r\n\v\f") | comment | x3::lit("\xef\xbb\xbf")];

  // A number, with what hangs on it where that makes it no number: `1e`, `1.2.3` and `1_000` are
  // one token each, so that they get one error. `2x` is two: the operator between them is missing.
  const auto tail = *(word_character | '.');
  const auto exponent = x3::char_("eE") >> -x3::char_("+-") >> +digit;
  const auto hexadecimal = x3::lit('0') >> x3::char_("xX") >> tail;
  const auto decimal =
      ((+digit >> -(x3::lit('.') >> *digit)) | (x3::lit('.') >> +digit)) >> -exponent;
  const auto bad_end = x3::char_("._") | (x3::char_("eE") >> !word_character);
  const auto number = hexadecimal | (decimal >> !bad_end) | (decimal >> tail);

  const auto token = x3::raw[documentation][push_as(TokenKind::documentation)] | blank |
                     x3::raw[number][push_as(TokenKind::number)] |
                     x3::raw[keyword[set_kind] >> !word_character][push] |
                     x3::raw[letter >> *word_character][push_as(TokenKind::name)] |
                     x3::raw[(foreign - (x3::lit("!=") >> !x3::lit('=')))[set_kind]][push_foreign] |
                     x3::raw[symbol[set_kind]][push] |
                     x3::raw[x3::omit[x3::char_ >> *x3::char_('\x80', '\xbf')]][push_stranger];

  const char* at = begin;
  const char* const end = begin + source.size();
  x3::parse(at, end, *token);
  end_token();
  return tokens;
}

}  // namespace actc::frontend
