// actc check: all errors and warnings of a file or a formula, for people and for editors.
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <memory>

#include "tools/commands.h"
#include "tools/json.h"
#include "tools/terminal.h"

namespace actc::tools {
namespace {

struct CheckOptions {
  std::string what;
  DefinitionOptions definition;
  bool json = false;
};

// What is there as a file, or what no formula ends with: a suffix, as `.act`.
bool is_file(const std::string& word) {
  std::error_code ignored;
  if (std::filesystem::exists(word, ignored)) return true;
  const std::size_t dot = word.rfind('.');
  const auto is_letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
  return dot != std::string::npos && dot + 1 < word.size() &&
         std::all_of(word.begin() + static_cast<std::ptrdiff_t>(dot) + 1, word.end(), is_letter);
}

// What analysis says of a text's definitions, then where each loses digits.
std::vector<Diagnostic> warnings_of_all(const Module& module) {
  std::vector<Diagnostic> all = module.analysis();
  for (const Function& function : module.functions()) {
    const std::vector<Diagnostic> lost = cancellations_of(function);
    all.insert(all.end(), lost.begin(), lost.end());
  }
  return all;
}

Json report(const std::string& what, bool ok) {
  return {
      {"file", what}, {"ok", ok}, {"definitions", Json::array()}, {"diagnostics", Json::array()}};
}

void add(Json& object, std::span<const Diagnostic> diagnostics) {
  for (const Diagnostic& d : diagnostics) object["diagnostics"].push_back(describe(d));
}

ExitCode check_json(const std::string& file) {
  std::string source;
  try {
    source = read_source(file);
  } catch (const ToolError& error) {
    Json object = report(file, false);
    Diagnostic diagnostic;
    diagnostic.message = error.what();
    object["diagnostics"].push_back(describe(diagnostic));
    print_json(object);
    return error.code();
  }
  const Result<Module> module = try_compile(source);
  Json object = report(file, static_cast<bool>(module));
  add(object, module ? module->warnings() : module.diagnostics());
  if (module) {
    for (const Function& function : module->functions()) {
      object["definitions"].push_back(function.name());
    }
    add(object, warnings_of_all(*module));
  }
  print_json(object);
  return module ? exit_good : exit_bad_content;
}

std::string count(std::size_t n, std::string_view what) {
  return fmt::format("{} {}{}", n, what, n == 1 ? "" : "s");
}

ExitCode check_definition(const CheckOptions& options) {
  const Definition definition = resolve(options.what, options.definition);
  const Parameters given = parse_parameters(options.definition.parameters, {definition});
  const std::vector<Diagnostic> found = warnings_of(definition.function, given);
  if (options.json) {
    Json object = report(options.what, true);
    object["definitions"].push_back(definition.function.name());
    add(object, found);
    print_json(object);
    return exit_good;
  }
  print_warnings(definition, given);
  fmt::print("{}: no errors, {}\n", definition.label,
             found.empty() ? "no warnings" : count(found.size(), "warning"));
  return exit_good;
}

ExitCode check(const CheckOptions& options) {
  if (!is_file(options.what)) return check_definition(options);
  if (options.json) return check_json(options.what);
  const Module module = compile_file(options.what);
  const std::vector<Diagnostic> found = warnings_of_all(module);
  print_diagnostics(found, options.what);
  const std::size_t warnings = module.warnings().size() + found.size();
  fmt::print("{}: {}, no errors{}\n", options.what, count(module.functions().size(), "definition"),
             warnings == 0 ? "" : ", " + count(warnings, "warning"));
  return exit_good;
}

}  // namespace

Command add_check(CLI::App& program) {
  auto options = std::make_shared<CheckOptions>();
  CLI::App* app = add_command(
      program, "check",
      "Finds all errors in a file of definitions or a formula, and what goes wrong for some inputs",
      "  actc check mine.act\n"
      "  actc check 'x * log(x)'\n"
      "  actc check mine.act --json\n");
  app->add_option("FILE|DEF", options->what,
                  "A file, or a built-in's name, a formula, a text, or a name in the file of -f")
      ->required();
  add_definition_options(*app, options->definition);
  app->add_flag("--json", options->json, "Print JSON, errors too");
  return {app, [options] { return check(*options); }};
}

}  // namespace actc::tools
