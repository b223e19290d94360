// actc check: all errors and warnings of a file, for people and for editors.
#include <fmt/format.h>

#include <memory>

#include "tools/commands.h"
#include "tools/json.h"
#include "tools/terminal.h"

namespace actc::tools {
namespace {

struct CheckOptions {
  std::string file;
  bool json = false;
};

Json report(const std::string& file, bool ok) {
  return {
      {"file", file}, {"ok", ok}, {"definitions", Json::array()}, {"diagnostics", Json::array()}};
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
  for (const Diagnostic& diagnostic : module ? module->warnings() : module.diagnostics()) {
    object["diagnostics"].push_back(describe(diagnostic));
  }
  if (module) {
    for (const Function& function : module->functions()) {
      object["definitions"].push_back(function.name());
      for (const Diagnostic& diagnostic : cancellations_of(function)) {
        object["diagnostics"].push_back(describe(diagnostic));
      }
    }
  }
  print_json(object);
  return module ? exit_good : exit_bad_content;
}

ExitCode check(const CheckOptions& options) {
  if (options.json) return check_json(options.file);
  const Module module = compile_file(options.file);
  const std::size_t count = module.functions().size();
  std::size_t warnings = module.warnings().size();
  for (const Function& function : module.functions()) {
    const std::vector<Diagnostic> found = cancellations_of(function);
    print_diagnostics(found, options.file);
    warnings += found.size();
  }
  fmt::print(
      "{}: {} definition{}, no errors{}\n", options.file, count, count == 1 ? "" : "s",
      warnings == 0 ? "" : fmt::format(", {} warning{}", warnings, warnings == 1 ? "" : "s"));
  return exit_good;
}

}  // namespace

Command add_check(CLI::App& program) {
  auto options = std::make_shared<CheckOptions>();
  CLI::App* app = add_command(
      program, "check", "Finds all errors in a file of definitions, and formulas that lose digits",
      "  actc check mine.act\n"
      "  actc check mine.act --json\n");
  app->add_option("FILE", options->file, "The file")->required();
  app->add_flag("--json", options->json, "Print JSON, errors too");
  return {app, [options] { return check(*options); }};
}

}  // namespace actc::tools
