// actc show: a definition, its derivatives and a few of its values, for reading.
#include <fmt/format.h>

#include <array>
#include <memory>

#include "tools/commands.h"
#include "tools/json.h"

namespace actc::tools {
namespace {

struct ShowOptions {
  std::string def;
  DefinitionOptions definition;
  bool json = false;
  bool latex = false;
  CacheChoice cache;
};

// What the derivatives are with respect to: each input, then each parameter.
std::vector<std::string> variables(const Function& function) {
  std::vector<std::string> names = function.inputs();
  for (const ParameterInfo& parameter : function.parameters()) names.push_back(parameter.name);
  return names;
}

bool has_missing_parameter(const Function& function, const Parameters& given) {
  for (const ParameterInfo& parameter : function.parameters()) {
    if (!parameter.default_value && !given.contains(parameter.name)) return true;
  }
  return false;
}

void print_parameters(const Function& function, const Parameters& given) {
  for (const ParameterInfo& parameter : function.parameters()) {
    std::string text = (parameter.learned ? "learn " : "") + parameter.name;
    text += parameter.default_value ? fmt::format(" = {}", *parameter.default_value)
                                    : std::string(" (no default)");
    const auto value = given.find(parameter.name);
    if (value != given.end()) text += fmt::format(", here {}", value->second);
    fmt::print("  {:<12}{}\n", "parameter", text);
  }
}

// The definition at a few points, so that its shape is seen at a glance.
void print_values(const Function& function, const Parameters& given, const KernelCache& cache) {
  if (function.inputs().size() != 1 || has_missing_parameter(function, given)) return;
  constexpr std::array<double, 7> points = {-4, -2, -1, 0, 1, 2, 4};
  const std::string input = function.inputs().front();
  if (function.is_random()) {
    fmt::print("\n  values are drawn anew for each element: `actc run --seed` computes them\n");
    return;
  }
  std::string arguments, values, slopes;
  if (function.is_over_rows()) {
    std::vector<double> row(function.has_row_value() ? 1 : points.size());
    function.kernel<double>({.cache = cache}).forward(points, row, given);
    for (const double x : points) arguments += fmt::format("{:>10.4g}", x);
    for (const double y : row) values += fmt::format("{:>10.4g}", y);
    fmt::print("\n  {:<8}{}\n  {:<8}{}\n", "row", arguments, "value", values);
    return;
  }
  for (const double x : points) {
    const std::array<double, 1> at = {x};
    arguments += fmt::format("{:>10.4g}", x);
    values += fmt::format("{:>10.4g}", function.evaluate(at, given));
    slopes += fmt::format("{:>10.4g}", function.evaluate_derivative(input, at, given));
  }
  fmt::print("\n  {:<8}{}\n  {:<8}{}\n  {:<8}{}\n", input, arguments, "value", values,
             "d/d" + input, slopes);
}

ExitCode show(const ShowOptions& options) {
  const Definition definition = resolve(options.def, options.definition);
  const Function& function = definition.function;
  const Parameters given = parse_parameters(options.definition.parameters, {definition});
  if (options.latex) {
    fmt::print("{}", function.emit(Language::latex, {.fixed = given}));
    return exit_good;
  }
  if (options.json) {
    Json object = describe(function);
    object["formula"] = function.formula();
    Json derivatives = Json::object();
    for (const std::string& name : variables(function)) {
      derivatives[name] = function.derivative(name);
    }
    object["derivatives"] = std::move(derivatives);
    for (Json& parameter : object["parameters"]) {
      const auto value = given.find(parameter["name"].get<std::string>());
      if (value != given.end()) parameter["value"] = value->second;
    }
    object["warnings"] = Json::array();
    for (const Diagnostic& d : cancellations_of(function, given, definition.stabilize)) {
      object["warnings"].push_back(describe(d));
    }
    print_json(object);
    return exit_good;
  }
  if (function.name().empty()) {
    fmt::print("{}\n", function.source());
  } else {
    fmt::print("{} = {}\n", signature(function), function.source());
  }
  if (!function.documentation().empty()) fmt::print("{}\n", function.documentation());
  fmt::print("\n  {:<12}{}\n", "formula", function.formula());
  for (const std::string& input : function.inputs()) fmt::print("  {:<12}{}\n", "input", input);
  print_parameters(function, given);
  for (const std::string& name : variables(function)) {
    fmt::print("  {:<11} {}\n", "d/d" + name, function.derivative(name));
  }
  print_values(function, given, open_cache(options.cache));
  warn_of_cancellations(definition, given);
  return exit_good;
}

}  // namespace

Command add_show(CLI::App& program) {
  auto options = std::make_shared<ShowOptions>();
  CLI::App* app = add_command(program, "show",
                              "Shows a definition: formula, parameters, derivatives, documentation",
                              "  actc show gelu\n"
                              "  actc show 'x * tanh(log(1 + exp(x)))'\n"
                              "  actc show swish --param beta=2\n"
                              "  actc show gelu --latex\n"
                              "  actc show mine -f mine.act --json\n");
  app->add_option("DEF", options->def, "A built-in's name, a formula, a text, or a name in FILE")
      ->required();
  add_definition_options(*app, options->definition);
  add_convention_option(*app, options->definition);
  add_cache_options(*app, options->cache);
  app->add_flag("--json", options->json, "Print JSON");
  app->add_flag("--latex", options->latex, "Print formula and derivatives as LaTeX");
  return {app, [options] { return show(*options); }};
}

}  // namespace actc::tools
