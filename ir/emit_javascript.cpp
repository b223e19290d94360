// A definition as JavaScript (ES2015): functions of numbers, for any page or program, no module.
#include <fmt/format.h>

#include "ir/emit_code.h"
#include "ir/round.h"

namespace actc::ir {
namespace {

// What Math does not have.
constexpr std::string_view copysign_text = R"(function copysign(x, sign) {
  const minus = sign < 0 || 1 / sign < 0;
  return minus === (x < 0 || 1 / x < 0) ? x : -x;
}
)";
constexpr std::string_view round_text = R"(function round_half_even(x) {
  const up = Math.round(x);
  return up - x === 0.5 && up % 2 !== 0 ? up - 1 : up;
}
)";

std::string argument_list(const Emitted& definition, const EmittedNames& names) {
  std::string text = fmt::format("{}", fmt::join(names.inputs, ", "));
  for (std::size_t k = 0; k < names.parameters.size(); ++k) {
    if (definition.fixed[k]) continue;
    text += ", " + names.parameters[k];
    const auto& value = definition.parameters[k].default_value;
    if (value) text += " = " + literal(round_to_binary64(*value));
  }
  return text;
}

std::string function_text(const std::string& name, const std::string& arguments, const Code& code) {
  std::string text = fmt::format("function {}({}) {{\n", name, arguments);
  for (const std::string& line : code.statements) text += "  " + line + "\n";
  return text + "  return " + code.result + ";\n}\n";
}

}  // namespace

std::string emit_javascript(const Emitted& definition, const Library& library,
                            const Helpers& helpers) {
  constexpr Tongue tongue = Tongue::javascript;
  const std::vector<NamedHelper> named = collect_helpers(definition, library, helpers, tongue);
  const EmittedNames names = emitted_names(definition, named, tongue);
  CodeOptions options = code_options(definition, names, named, library, tongue);
  std::string functions;
  for (const NamedHelper& h : named) {
    CodeOptions own = options;
    own.inputs = h.helper.arguments;
    const Code code = write_code(*h.helper.body, h.helper.body->outputs[0], own);
    functions += function_text(h.name, fmt::format("{}", fmt::join(own.inputs, ", ")), code);
  }
  for (std::size_t k = 0; k < definition.outputs.size(); ++k) {
    options.carry_nan = k == 0;
    functions += function_text(names.functions[k], argument_list(definition, names),
                               write_code(definition.graph, definition.graph.outputs[k], options));
  }
  std::string text;
  for (const std::string& line : heading(definition)) text += "// " + line + "\n";
  if (functions.find("copysign(") != std::string::npos) text += copysign_text;
  if (functions.find("round_half_even(") != std::string::npos) text += round_text;
  return text + functions;
}

}  // namespace actc::ir
