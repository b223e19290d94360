// The page as text and as JSON.
#include "tools/show_page.h"

#include <fmt/format.h>
#include <unistd.h>

#include <array>

#include "tools/card/card_json.h"
#include "tools/card/card_text.h"
#include "tools/plot/picture.h"

namespace actc::tools {
namespace {

constexpr int label_width = 14;

// What the derivatives are with respect to: each input, then each parameter.
std::vector<std::string> variables(const Function& function) {
  std::vector<std::string> names = function.inputs();
  for (const ParameterInfo& parameter : function.parameters()) names.push_back(parameter.name);
  return names;
}

void print_line(const std::string& label, const std::string& text) {
  fmt::print("  {:<{}}{}\n", label, label_width, text);
}

void print_parameters(const Function& function, const Parameters& given) {
  for (const ParameterInfo& parameter : function.parameters()) {
    std::string text = (parameter.learned ? "learn " : "") + parameter.name;
    text += parameter.default_value ? fmt::format(" = {}", *parameter.default_value)
                                    : std::string(" (no default)");
    const auto value = given.find(parameter.name);
    if (value != given.end()) text += fmt::format(", here {}", value->second);
    print_line("parameter", text);
  }
}

bool has_missing_parameter(const Function& function, const Parameters& given) {
  for (const ParameterInfo& parameter : function.parameters()) {
    if (!parameter.default_value && !given.contains(parameter.name)) return true;
  }
  return false;
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

void print_plot(const Page& page) {
  if (!page.card || !plot::has_curve(page.definition.function)) return;
  const plot::Subject subject{.definition = page.definition, .parameters = page.given};
  fmt::print("\n{}", plot::terminal_of({subject}, plot::terminal_style(STDOUT_FILENO, page.ascii)));
}

void print_card(const Card& card) {
  fmt::print("\n");
  for (const CardRow& row : card_rows(card)) {
    constexpr int value_width = 62;
    const std::string line =
        row.how.empty() ? row.value : fmt::format("{:<{}} {}", row.value, value_width, row.how);
    print_line(row.label, line);
  }
  for (const std::string& note : card.notes) print_line("note", note);
}

}  // namespace

void print_page(const Page& page, const KernelCache& cache) {
  const Function& function = page.definition.function;
  if (function.name().empty()) {
    fmt::print("{}\n", function.source());
  } else {
    fmt::print("{} = {}\n", signature(function), function.source());
  }
  if (!function.documentation().empty()) fmt::print("{}\n", function.documentation());
  fmt::print("\n");
  print_line("formula", function.formula());
  for (const std::string& input : function.inputs()) print_line("input", input);
  print_parameters(function, page.given);
  for (const std::string& name : variables(function)) {
    print_line("d/d" + name, function.derivative(name));
  }
  print_values(function, page.given, cache);
  print_plot(page);
  if (page.card) print_card(*page.card);
}

Json page_json(const Page& page) {
  const Function& function = page.definition.function;
  Json object = describe(function);
  object["formula"] = function.formula();
  Json derivatives = Json::object();
  for (const std::string& name : variables(function)) {
    derivatives[name] = function.derivative(name);
  }
  object["derivatives"] = std::move(derivatives);
  for (Json& parameter : object["parameters"]) {
    const auto value = page.given.find(parameter["name"].get<std::string>());
    if (value != page.given.end()) parameter["value"] = value->second;
  }
  object["warnings"] = Json::array();
  for (const Diagnostic& d : warnings_of(function, page.given, page.definition.stabilize)) {
    object["warnings"].push_back(describe(d));
  }
  object["card"] = page.card ? to_json(*page.card) : Json(nullptr);
  if (!page.no_card.empty()) object["no_card"] = page.no_card;
  return object;
}

}  // namespace actc::tools
