// actc show: the page of a definition: what it is, and what is good to know of it.
#include <fmt/format.h>

#include <memory>

#include "tools/commands.h"
#include "tools/show_card.h"
#include "tools/show_page.h"
#include "tools/terminal.h"

namespace actc::tools {
namespace {

struct ShowOptions {
  std::string def;
  DefinitionOptions definition;
  bool json = false;
  bool latex = false;
  bool prove = false;
  bool ascii = false;
  CacheChoice cache;
};

ExitCode show(const ShowOptions& options) {
  Page page{.definition = resolve(options.def, options.definition),
            .given = {},
            .card = {},
            .no_card = {},
            .ascii = options.ascii};
  page.given = parse_parameters(options.definition.parameters, {page.definition});
  if (options.latex) {
    fmt::print("{}", page.definition.function.emit(Language::latex, {.fixed = page.given}));
    return exit_good;
  }
  const KernelCache cache = open_cache(options.cache);
  try {
    page.card = card_with_sweeps(page.definition, page.given, cache, {.prove = options.prove});
  } catch (const ToolError& error) {
    // What a definition is can be read without values for its parameters.
    if (error.code() != exit_bad_usage) throw;
    page.no_card = error.what();
    print_warning(fmt::format("there is no card: {} ({})", error.what(), error.suggestion()));
  } catch (const Error& error) {
    page.no_card = error.what();
    print_warning(fmt::format("there is no card: {}", error.what()));
  }
  if (options.json) {
    print_json(page_json(page));
    return exit_good;
  }
  print_page(page, cache);
  print_warnings(page.definition, page.given);
  return exit_good;
}

}  // namespace

Command add_show(CLI::App& program) {
  auto options = std::make_shared<ShowOptions>();
  CLI::App* app = add_command(
      program, "show", "Shows a definition: formula, derivatives, and the card of its properties",
      "  actc show gelu\n"
      "  actc show 'x * tanh(log(1 + exp(x)))'\n"
      "  actc show swish --param beta=2\n"
      "  actc show gelu --latex\n"
      "  actc show mish --prove                     # every input of binary32; a minute, kept\n"
      "  actc show mine -f mine.act --json\n");
  app->add_option("DEF", options->def, "A built-in's name, a formula, a text, or a name in FILE")
      ->required();
  app->add_flag("--prove", options->prove,
                "Sweep every input of binary32 through the kernel, where no sweep is kept");
  app->add_flag("--ascii", options->ascii, "The plot in plain characters");
  add_definition_options(*app, options->definition);
  add_convention_option(*app, options->definition);
  add_cache_options(*app, options->cache);
  app->add_flag("--json", options->json, "Print JSON");
  app->add_flag("--latex", options->latex, "Print formula and derivatives as LaTeX");
  return {app, [options] { return show(*options); }};
}

}  // namespace actc::tools
