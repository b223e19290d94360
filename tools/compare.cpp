// actc compare: the cards of several definitions side by side.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <map>
#include <memory>

#include "tools/card/card_json.h"
#include "tools/card/card_text.h"
#include "tools/commands.h"
#include "tools/json.h"
#include "tools/plot/picture.h"
#include "tools/show_card.h"
#include "tools/terminal.h"

namespace actc::tools {
namespace {

struct CompareOptions {
  std::vector<std::string> defs;
  DefinitionOptions definition;
  bool json = false;
  bool ascii = false;
  CacheChoice cache;
};

constexpr std::size_t widest = 44;  // of a column; a longer entry is cut

std::string cut(std::string text) {
  if (text.size() <= widest) return text;
  return text.substr(0, widest - 3) + "...";
}

// A property a line, a definition a column; as many columns at a time as fit in `width`.
void print_table(const std::vector<Card>& cards, std::size_t width) {
  std::vector<std::string> labels;
  std::vector<std::map<std::string, std::string>> columns;
  for (const Card& card : cards) {
    std::map<std::string, std::string>& column = columns.emplace_back();
    for (const CardRow& row : card_rows(card, true)) {
      if (std::ranges::find(labels, row.label) == labels.end()) labels.push_back(row.label);
      // What is not proved is marked.
      column[row.label] = cut(row.how == "sampled" ? row.value + " ~" : row.value);
    }
  }
  std::size_t label_width = 0;
  for (const std::string& label : labels) label_width = std::max(label_width, label.size());
  for (std::size_t first = 0; first < cards.size();) {
    std::string head = fmt::format("{:<{}}", "", label_width);
    std::vector<std::string> lines;
    for (const std::string& label : labels)
      lines.push_back(fmt::format("{:<{}}", label, label_width));
    std::size_t k = first;
    for (; k < cards.size(); ++k) {
      std::size_t column_width = cut(cards[k].label).size();
      for (const auto& [label, value] : columns[k])
        column_width = std::max(column_width, value.size());
      if (k > first && head.size() + 2 + column_width > width) break;
      head += fmt::format("  {:<{}}", cut(cards[k].label), column_width);
      for (std::size_t i = 0; i < labels.size(); ++i)
        lines[i] += fmt::format("  {:<{}}", columns[k][labels[i]], column_width);
    }
    const auto trimmed = [](std::string line) {
      return line.erase(line.find_last_not_of(' ') + 1);
    };
    fmt::print("{}{}\n", first > 0 ? "\n" : "", trimmed(head));
    for (const std::string& line : lines) fmt::print("{}\n", trimmed(line));
    first = k;
  }
  fmt::print("\n~ sampled, not proved\n");
}

// Of those that have a curve.
void print_plot(const std::vector<Definition>& definitions, const Parameters& given, bool ascii) {
  std::vector<plot::Subject> subjects;
  for (const Definition& definition : definitions) {
    if (plot::has_curve(definition.function))
      subjects.push_back(
          {.definition = definition, .parameters = parameters_of(definition, given)});
  }
  if (subjects.empty()) return;
  fmt::print("\n{}", plot::terminal_of(subjects, plot::terminal_style(STDOUT_FILENO, ascii)));
}

ExitCode compare(const CompareOptions& options) {
  std::vector<Definition> definitions;
  for (const std::string& def : options.defs)
    definitions.push_back(resolve(def, options.definition));
  const Parameters given = parse_parameters(options.definition.parameters, definitions);
  const KernelCache cache = open_cache(options.cache);
  // Before anything takes time.
  for (const Definition& definition : definitions) parameters_of(definition, given);
  std::vector<Card> cards;
  {
    Progress progress("cards");
    for (const Definition& definition : definitions) {
      cards.push_back(card_with_sweeps(definition, given, cache, {}));
      progress.update(cards.size(), definitions.size());
    }
  }
  if (options.json) {
    Json array = Json::array();
    for (std::size_t k = 0; k < cards.size(); ++k) {
      Json object = describe(definitions[k].function);
      object["card"] = to_json(cards[k]);
      array.push_back(std::move(object));
    }
    print_json(array);
    return exit_good;
  }
  constexpr std::size_t page_width = 132;
  print_table(cards, page_width);
  print_plot(definitions, given, options.ascii);
  return exit_good;
}

}  // namespace

Command add_compare(CLI::App& program) {
  auto options = std::make_shared<CompareOptions>();
  CLI::App* app =
      add_command(program, "compare", "Holds the properties of definitions side by side",
                  "  actc compare relu gelu silu mish\n"
                  "  actc compare gelu 'x * sigmoid(1.702 * x)'\n"
                  "  actc compare elu selu --json\n");
  app->add_option("DEF", options->defs, "Built-ins' names, formulas, texts, or names in FILE")
      ->required();
  app->add_flag("--ascii", options->ascii, "The plot in plain characters");
  add_definition_options(*app, options->definition);
  add_convention_option(*app, options->definition);
  add_cache_options(*app, options->cache);
  app->add_flag("--json", options->json, "Print JSON");
  return {app, [options] { return compare(*options); }};
}

}  // namespace actc::tools
