// Items: where each starts, its head, and where to go on after an error.
#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <utility>

#include "frontend/frontend.h"
#include "frontend/parser.h"

namespace actc::frontend {

Parser::Parser(std::string_view text, Reporter& reporter)
    : source(text), tokens(scan(text, reporter)), closing(tokens.size(), 0), report(reporter) {
  std::vector<std::uint32_t> open;
  for (std::uint32_t i = 0; i < tokens.size(); ++i) {
    if (tokens[i].kind == TokenKind::left_parenthesis) open.push_back(i);
    if (tokens[i].kind == TokenKind::right_parenthesis && !open.empty()) {
      const std::size_t opening = open.back();
      closing[opening] = i;
      open.pop_back();
      // A parenthesis that was left open ends at the latest where the next item starts a line.
      if (opening > 0 && starts_line_as_head(opening - 1)) open.clear();
    }
  }
}

bool Parser::starts_line_as_head(std::size_t name) const {
  if (!definition_head_at(name)) return false;
  std::size_t first = name;
  if (name >= 3 && derivative_head_at(name - 3)) first = name - 3;
  if (name >= 1 && implementation_head_at(name - 1)) first = name - 1;
  return starts_line(first);
}

bool Parser::starts_line(std::size_t index) const {
  if (index == 0) return true;
  const std::uint32_t before = tokens[index - 1].span.end;
  return source.substr(before, tokens[index].span.begin - before).find('\n') !=
         std::string_view::npos;
}

ExprId Parser::add(Span span, decltype(Expr::form) form) {
  tree.expressions.push_back({span, std::move(form)});
  return static_cast<ExprId>(tree.expressions.size() - 1);
}

bool Parser::definition_head_at(std::size_t index) const {
  if (tokens[index].kind != TokenKind::name) return false;
  const Token& next = tokens[index + 1];  // a name is never the last token
  if (next.kind == TokenKind::assign) return true;
  return next.kind == TokenKind::left_parenthesis && closing[index + 1] != 0 &&
         tokens[closing[index + 1] + 1].kind == TokenKind::assign;
}

bool Parser::derivative_head_at(std::size_t index) const {
  return index + 4 < tokens.size() && tokens[index].kind == TokenKind::name &&
         tokens[index].text == "d" && tokens[index + 1].kind == TokenKind::slash &&
         tokens[index + 2].kind == TokenKind::name && tokens[index + 2].text.size() > 1 &&
         tokens[index + 2].text[0] == 'd' && tokens[index + 3].kind == TokenKind::name;
}

bool Parser::implementation_head_at(std::size_t index) const {
  return index + 2 < tokens.size() && tokens[index].kind == TokenKind::name &&
         (tokens[index].text == "binary32" || tokens[index].text == "binary64") &&
         tokens[index + 1].kind == TokenKind::name;
}

bool Parser::head_at(std::size_t index) const {
  return definition_head_at(index) || derivative_head_at(index) || implementation_head_at(index) ||
         (tokens[index].kind == TokenKind::rule && tokens[index + 1].kind != TokenKind::end);
}

bool is_reserved(TokenKind kind) {
  switch (kind) {
    case TokenKind::let:
    case TokenKind::in:
    case TokenKind::and_:
    case TokenKind::or_:
    case TokenKind::not_:
    case TokenKind::learn:
    case TokenKind::rule:
    case TokenKind::surrogate:
      return true;
    default:
      return false;
  }
}

std::string describe(const Token& token) {
  if (token.kind == TokenKind::end) return "the end of the text";
  if (is_reserved(token.kind)) return fmt::format("the reserved word `{}`", token.text);
  if (token.kind == TokenKind::documentation) return "the documentation of the next item";
  return fmt::format("`{}`", token.text.substr(0, 60));
}

namespace {

class ItemParser {
 public:
  explicit ItemParser(Parser& parser) : parser_(parser) {}

  void parse_all();

 private:
  void item();
  void definition(std::string documentation);
  void derivative(std::string documentation);
  void implementation(std::string documentation);
  void rule(std::string documentation);
  void bare_expression(std::string documentation);
  void definition_without_inputs(std::string documentation);

  std::string documentation();
  // `name(inputs; parameters) =`. Goes on after the `=` where there is one.
  void head(ItemHead& head);
  bool inputs(ItemHead& head);
  bool parameters(ItemHead& head);
  bool parameter_name(std::string_view what, std::string& name, Span& span);
  void body(ItemHead& head);
  void resynchronize();
  bool resumes_at(std::size_t index) const;
  void add(Item item) { parser_.tree.items.push_back(std::move(item)); }
  ExprId next_expression() const { return static_cast<ExprId>(parser_.tree.expressions.size()); }

  Parser& parser_;
};

void ItemParser::parse_all() {
  while (!parser_.next_is(TokenKind::end) && !parser_.report.full()) {
    if (parser_.tree.items.size() == max_definitions) {
      parser_.report.error(Code::limit, parser_.peek().span,
                           fmt::format("the text has more than {} definitions", max_definitions));
      return;
    }
    item();
  }
}

void ItemParser::item() {
  std::string text = documentation();
  const std::size_t place = parser_.at;
  const Token& token = parser_.peek();
  if (token.kind == TokenKind::end) return;
  if (token.kind == TokenKind::rule) {
    rule(std::move(text));
  } else if (parser_.derivative_head_at(place)) {
    derivative(std::move(text));
  } else if (parser_.implementation_head_at(place)) {
    implementation(std::move(text));
  } else if (parser_.definition_head_at(place)) {
    if (parser_.peek(1).kind == TokenKind::assign) {
      definition_without_inputs(std::move(text));
    } else {
      definition(std::move(text));
    }
  } else {
    bare_expression(std::move(text));
  }
}

std::string ItemParser::documentation() {
  std::string text;
  bool first = true;
  while (parser_.next_is(TokenKind::documentation)) {
    std::string_view line = parser_.take().text.substr(2);
    if (line.starts_with(' ')) line.remove_prefix(1);
    line = line.substr(0, line.find_last_not_of(" \t\r") + 1);
    if (!first) text += '\n';
    text += line;
    first = false;
  }
  return text;
}

void ItemParser::definition(std::string documentation) {
  DefinitionItem item;
  item.head.documentation = std::move(documentation);
  item.head.first = next_expression();
  head(item.head);
  if (parser_.next_is(TokenKind::surrogate)) {
    parser_.report.error(Code::misplaced_surrogate, parser_.peek().span,
                         "only a derivative can be a surrogate",
                         fmt::format("write `d/dx {}(...) = surrogate ...`", item.head.name));
    parser_.take();
  }
  body(item.head);
  add(std::move(item));
}

void ItemParser::derivative(std::string documentation) {
  DerivativeItem item;
  item.head.documentation = std::move(documentation);
  item.head.first = next_expression();
  parser_.take();
  parser_.take();
  const Token& variable = parser_.take();
  item.variable = std::string(variable.text.substr(1));
  item.variable_span = {variable.span.begin + 1, variable.span.end};
  head(item.head);
  item.surrogate = parser_.take_if(TokenKind::surrogate);
  body(item.head);
  add(std::move(item));
}

void ItemParser::implementation(std::string documentation) {
  ImplementationItem item;
  item.head.documentation = std::move(documentation);
  item.head.first = next_expression();
  item.format = parser_.take().text == "binary32" ? ir::Format::binary32 : ir::Format::binary64;
  head(item.head);
  body(item.head);
  add(std::move(item));
}

void ItemParser::rule(std::string documentation) {
  RuleItem item;
  item.head.documentation = std::move(documentation);
  item.head.first = next_expression();
  item.head.name = "rule";
  const std::size_t first = parser_.at;
  item.head.name_span = parser_.take().span;
  const std::size_t left = parser_.at;
  const auto span_from = [&](std::size_t token) {
    return Span{parser_.tokens[token].span.begin, parser_.tokens[parser_.at - 1].span.end};
  };
  const auto failed = [&] {
    item.head.damage = Damage::body;
    if (!resumes_at(parser_.at) && !parser_.next_is(TokenKind::documentation)) parser_.take();
    resynchronize();
    item.head.last = next_expression();
    add(std::move(item));
  };
  const auto side = parse_expression(parser_, ExpressionPlace::rule_left);
  if (!side) return failed();
  item.left = *side;
  item.left_span = span_from(left);
  if (!parser_.take_if(TokenKind::assign)) {
    parser_.report.error(Code::syntax, parser_.peek().span,
                         fmt::format("`=` is missing before {}", describe(parser_.peek())),
                         "a rule is written `rule log(1 + exp(u)) = log1pexp(u)`");
    return failed();
  }
  const std::size_t right = parser_.at;
  const auto body = parse_expression(parser_, ExpressionPlace::rule_right);
  if (!body) return failed();
  item.head.body = *body;
  item.head.body_span = span_from(right);
  if (parser_.next_is(TokenKind::name) && parser_.peek().text == "for") {
    parser_.take();
    const std::size_t condition = parser_.at;
    item.condition = parse_expression(parser_, ExpressionPlace::body);
    if (!item.condition) return failed();
    item.condition_span = span_from(condition);
  }
  item.span = span_from(first);
  item.head.last = next_expression();
  add(std::move(item));
}

void ItemParser::bare_expression(std::string documentation) {
  DefinitionItem item;
  item.head.documentation = std::move(documentation);
  item.head.first = next_expression();
  item.head.name_span = parser_.peek().span;
  item.head.inputs.push_back({"x", item.head.name_span});
  body(item.head);
  add(std::move(item));
}

// `f = …`: the name is known from here on, so that its uses are not errors too.
void ItemParser::definition_without_inputs(std::string documentation) {
  DefinitionItem item;
  item.head.documentation = std::move(documentation);
  item.head.first = next_expression();
  const Token& name = parser_.take();
  parser_.take();
  item.head.name = std::string(name.text);
  item.head.name_span = name.span;
  parser_.report.error(Code::no_inputs, name.span,
                       fmt::format("the definition of `{}` has no inputs", name.text),
                       fmt::format("write `{}(x) = ...`", name.text));
  item.head.damage = Damage::head;
  body(item.head);
  add(std::move(item));
}

void ItemParser::head(ItemHead& head) {
  const Token& name = parser_.peek();
  head.name = std::string(name.text);
  head.name_span = name.span;
  parser_.take();
  if (!parser_.next_is(TokenKind::left_parenthesis)) {
    parser_.report.error(Code::no_inputs, name.span,
                         fmt::format("`{}` has no inputs here", name.text),
                         fmt::format("write `{}(x) = ...`", name.text));
    head.damage = Damage::head;
    if (!parser_.take_if(TokenKind::assign)) head.damage = Damage::head;
    return;
  }
  const std::size_t opening = parser_.at;
  parser_.take();
  if (!inputs(head) || (parser_.take_if(TokenKind::semicolon) && !parameters(head))) {
    head.damage = Damage::head;
    if (parser_.closing[opening] == 0) return;
    parser_.at = parser_.closing[opening];
  }
  if (!parser_.take_if(TokenKind::right_parenthesis)) {
    if (head.damage == Damage::none) {
      parser_.report.error(
          Code::syntax, parser_.peek().span,
          fmt::format("`,`, `;` or `)` is expected before {}", describe(parser_.peek())));
    }
    head.damage = Damage::head;
    if (parser_.closing[opening] == 0) return;
    parser_.at = parser_.closing[opening];
    parser_.take();
  }
  if (!parser_.take_if(TokenKind::assign)) {
    parser_.report.error(Code::syntax, parser_.peek().span,
                         fmt::format("`=` is missing before {}", describe(parser_.peek())));
    head.damage = Damage::head;
  }
}

bool ItemParser::parameter_name(std::string_view what, std::string& name, Span& span) {
  const Token& token = parser_.peek();
  span = token.span;
  if (token.kind != TokenKind::name) {
    if (is_reserved(token.kind)) {
      parser_.report.error(Code::reserved_word, token.span,
                           fmt::format("`{}` is a reserved word", token.text),
                           "choose another name");
    } else if (token.kind == TokenKind::number) {
      parser_.report.error(
          Code::syntax, token.span,
          fmt::format("`{}` is not the name of {}", token.text.substr(0, 60), what));
    } else if (token.kind != TokenKind::unknown) {
      parser_.report.error(
          Code::syntax, token.span,
          fmt::format("the name of {} is missing before {}", what, describe(token)));
    }
    return false;
  }
  name = std::string(token.text);
  parser_.take();
  return true;
}

bool ItemParser::inputs(ItemHead& head) {
  if (parser_.next_is(TokenKind::right_parenthesis) || parser_.next_is(TokenKind::semicolon)) {
    parser_.report.error(Code::no_inputs, head.name_span,
                         fmt::format("`{}` has no inputs", head.name),
                         fmt::format("write `{}(x) = ...`", head.name));
    return false;
  }
  do {
    if (parser_.next_is(TokenKind::learn)) {
      parser_.report.error(Code::input_list, parser_.peek().span,
                           "only a parameter is learned, not an input",
                           fmt::format("write `{}(x; learn a = 1) = ...`", head.name));
      return false;
    }
    InputSyntax input;
    if (!parameter_name("an input", input.name, input.span)) return false;
    if (parser_.next_is(TokenKind::assign)) {
      parser_.report.error(Code::input_list, input.span,
                           fmt::format("the input `{}` has a default", input.name),
                           fmt::format("parameters stand after `;`, as in `{}(x; {} = ...)`",
                                       head.name, input.name));
      return false;
    }
    head.inputs.push_back(std::move(input));
  } while (parser_.take_if(TokenKind::comma));
  return true;
}

bool ItemParser::parameters(ItemHead& head) {
  do {
    ParameterSyntax parameter;
    parameter.learned = parser_.take_if(TokenKind::learn);
    if (!parameter_name("a parameter", parameter.name, parameter.span)) return false;
    if (parser_.take_if(TokenKind::assign)) {
      parameter.default_value = parse_expression(parser_, ExpressionPlace::parameter_list);
      if (!parameter.default_value) return false;
    }
    head.parameters.push_back(std::move(parameter));
  } while (parser_.take_if(TokenKind::comma));
  return true;
}

void ItemParser::body(ItemHead& head) {
  const std::size_t first = parser_.at;
  const std::optional<ExprId> expression = parse_expression(parser_, ExpressionPlace::body);
  if (expression) {
    head.body = *expression;
    head.body_span = {parser_.tokens[first].span.begin, parser_.tokens[parser_.at - 1].span.end};
  } else {
    if (head.damage == Damage::none) head.damage = Damage::body;
    // The token of the error may be what an item starts with: past it only if it is not.
    if (!resumes_at(parser_.at) && !parser_.next_is(TokenKind::documentation)) parser_.take();
    resynchronize();
  }
  head.last = next_expression();
}

// May parsing go on here after an error? `name =` is a local or a parameter as often as a
// definition without inputs, unless it starts a line.
bool ItemParser::resumes_at(std::size_t index) const {
  if (!parser_.head_at(index)) return false;
  const bool without_inputs = parser_.tokens[index].kind == TokenKind::name &&
                              parser_.tokens[index + 1].kind == TokenKind::assign;
  if (!without_inputs || index == 0) return true;
  switch (parser_.tokens[index - 1].kind) {
    case TokenKind::let:
    case TokenKind::learn:
    case TokenKind::comma:
    case TokenKind::semicolon:
    case TokenKind::left_parenthesis:
      return false;
    default:
      return parser_.starts_line(index);
  }
}

// To the next token that cannot be anything but the start of an item.
void ItemParser::resynchronize() {
  while (!parser_.next_is(TokenKind::end)) {
    if (resumes_at(parser_.at)) return;
    if (parser_.next_is(TokenKind::documentation)) {
      std::size_t after = parser_.at;
      while (parser_.tokens[after].kind == TokenKind::documentation) ++after;
      if (resumes_at(after)) return;
      parser_.at = after;
    } else {
      parser_.take();
    }
  }
}

}  // namespace

SyntaxTree parse(std::string_view source, std::vector<Diagnostic>& diagnostics) {
  Reporter report(diagnostics);
  const std::size_t before = report.count();
  Parser parser(source, report);
  ItemParser(parser).parse_all();
  if (parser.tree.items.empty() && report.count() == before) {
    report.error(Code::empty_text, {0, 0}, "the text has no definition",
                 "for example `swish(x) = x / (1 + exp(-x))`");
  }
  return std::move(parser.tree);
}

}  // namespace actc::frontend
