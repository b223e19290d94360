// Definitions and diagnostics as JSON.
#include "tools/json.h"

#include <cmath>
#include <cstdio>

namespace actc::tools {

Json describe(const Function& function) {
  Json parameters = Json::array();
  for (const ParameterInfo& parameter : function.parameters()) {
    Json entry = {{"name", parameter.name}, {"default", nullptr}, {"learned", parameter.learned}};
    if (parameter.default_value) entry["default"] = *parameter.default_value;
    parameters.push_back(std::move(entry));
  }
  return {{"name", function.name()},
          {"source", function.source()},
          {"documentation", function.documentation()},
          {"inputs", function.inputs()},
          {"parameters", std::move(parameters)},
          {"over_rows", function.is_over_rows()},
          {"random", function.is_random()}};
}

Json describe(const Diagnostic& diagnostic) {
  return {{"severity", diagnostic.severity == Severity::error ? "error" : "warning"},
          {"code", diagnostic.code},
          {"message", diagnostic.message},
          {"suggestion", diagnostic.suggestion},
          {"line", diagnostic.line},
          {"column", diagnostic.column},
          {"width", diagnostic.width},
          {"text", diagnostic.line_text}};
}

void print_json(const Json& value) {
  const std::string text = value.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
  std::fwrite(text.data(), 1, text.size(), stdout);
}

}  // namespace actc::tools
