// actc list: the built-ins, or a file's own definitions.
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>

#include "tools/commands.h"
#include "tools/json.h"

namespace actc::tools {
namespace {

struct ListOptions {
  std::string file;
  bool json = false;
};

std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }

ExitCode list(const ListOptions& options) {
  const std::vector<Function> functions =
      options.file.empty() ? listed_builtins() : compile_file(options.file).functions();
  if (options.json) {
    Json array = Json::array();
    for (const Function& function : functions) array.push_back(describe(function));
    print_json(array);
    return exit_good;
  }
  std::size_t width = 0;
  std::vector<std::string> signatures;
  for (const Function& function : functions) {
    signatures.push_back(function.name().empty() ? function.source() : signature(function));
    // A long signature need not push the others' descriptions to the right.
    if (signatures.back().size() <= 44) width = std::max(width, signatures.back().size());
  }
  for (std::size_t k = 0; k < functions.size(); ++k) {
    const std::string documentation = first_line(functions[k].documentation());
    fmt::print("{}\n", documentation.empty()
                           ? signatures[k]
                           : fmt::format("{:<{}}  {}", signatures[k], width, documentation));
  }
  return exit_good;
}

}  // namespace

Command add_list(CLI::App& program) {
  auto options = std::make_shared<ListOptions>();
  CLI::App* app = add_command(program, "list", "Lists the built-ins with their parameters",
                              "  actc list\n"
                              "  actc list --json\n"
                              "  actc list -f mine.act\n");
  app->add_option("-f,--file", options->file, "List the definitions of this file instead")
      ->type_name("FILE");
  app->add_flag("--json", options->json, "Print JSON");
  return {app, [options] { return list(*options); }};
}

}  // namespace actc::tools
