// actc plot: curves of definitions, as a file or for the terminal.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <memory>
#include <set>
#include <tuple>

#include "tools/commands.h"
#include "tools/files.h"
#include "tools/plot/braille.h"
#include "tools/plot/convert.h"
#include "tools/plot/picture.h"
#include "tools/plot/svg.h"

namespace actc::tools {
namespace {

using plot::Range;

constexpr std::size_t most_curves = 16;
constexpr double smallest_side = 120, largest_side = 10'000;  // pixels
constexpr double furthest = 1e300;

struct PlotOptions {
  std::vector<std::string> defs;
  DefinitionOptions definition;
  std::string output, format;
  bool derivative = false, no_derivative = false, second = false;
  std::string x, y, size, title, theme = "light";
  std::vector<std::string> at;
  double scale = 1;
  bool equal = false, ascii = false;
};

enum class Target { terminal, svg, png, pdf };

Target target_of(const std::string& path) {
  if (path.empty()) return Target::terminal;
  constexpr std::array<std::pair<std::string_view, Target>, 3> known = {
      {{".svg", Target::svg}, {".png", Target::png}, {".pdf", Target::pdf}}};
  std::string lower = path;
  std::ranges::transform(lower, lower.begin(), [](unsigned char c) { return std::tolower(c); });
  for (const auto& [suffix, target] : known) {
    if (lower.size() > suffix.size() && lower.ends_with(suffix)) return target;
  }
  throw bad_usage(fmt::format("what kind of file '{}' is to be cannot be told from its name", path),
                  "let it end in .svg, .png or .pdf");
}

std::optional<double> number_in(std::string_view text) {
  double value = 0;
  if (text.starts_with(" -")) text.remove_prefix(1);  // marked by `main`
  if (text.starts_with('+')) text.remove_prefix(1);
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<Range> parse_range(const std::string& option, const std::string& word) {
  if (word.empty()) return std::nullopt;
  const std::size_t colon = word.find(':');
  const auto from = number_in(word.substr(0, colon));
  const auto to = colon == std::string::npos ? std::nullopt : number_in(word.substr(colon + 1));
  if (!from || !to) {
    throw bad_usage(fmt::format("{} wants two numbers, not '{}'", option, word),
                    fmt::format("for example {} -6:6", option));
  }
  if (!(std::abs(*from) <= furthest) || !(std::abs(*to) <= furthest)) {
    throw bad_usage(fmt::format("the range {} {} is beyond what can be drawn", option, word),
                    "both ends must lie within ±1e300");
  }
  if (!(*from < *to)) {
    throw bad_usage(fmt::format("the range {} {} is empty", option, word),
                    "the first number must be less than the second");
  }
  if (*to - *from < 1e-9 * std::max(std::abs(*from), std::abs(*to))) {
    throw bad_usage(fmt::format("the range {} {} is too narrow to have numbers", option, word),
                    "its ends must differ by a billionth of their size");
  }
  return Range{*from, *to};
}

std::pair<double, double> parse_size(const std::string& word) {
  if (word.empty()) return {800, 500};
  const std::size_t times = word.find('x');
  const auto width = number_in(word.substr(0, times));
  const auto height = times == std::string::npos ? std::nullopt : number_in(word.substr(times + 1));
  if (!width || !height || *width != std::floor(*width) || *height != std::floor(*height)) {
    throw bad_usage(fmt::format("--size wants two whole numbers, not '{}'", word),
                    "for example --size 800x500");
  }
  for (const double side : {*width, *height}) {
    if (!(side >= smallest_side && side <= largest_side)) {
      throw bad_usage(fmt::format("--size {} is no size for a picture", word),
                      fmt::format("from {} to {} pixels", smallest_side, largest_side));
    }
  }
  return {*width, *height};
}

plot::Theme parse_theme(const std::string& word) {
  if (word == "light") return plot::Theme::light;
  if (word == "dark") return plot::Theme::dark;
  if (word == "auto") return plot::Theme::automatic;
  throw bad_usage(fmt::format("there is no theme '{}'", word), "it is light, dark or auto");
}

// "beta=0.5,1,2" is one picture with three curves: the words that each of them would have been
// given. At most one parameter has several values.
std::vector<std::vector<std::string>> spread(const std::vector<std::string>& words) {
  std::vector<std::vector<std::string>> lists = {{}};
  for (const std::string& word : words) {
    const std::size_t equals = word.find('=');
    std::vector<std::string> alternatives;
    if (equals == std::string::npos || word.find(',', equals) == std::string::npos) {
      alternatives = {word};
    } else {
      const std::string name = word.substr(0, equals + 1);
      for (std::size_t at = equals + 1; at <= word.size();) {
        const std::size_t comma = std::min(word.find(',', at), word.size());
        alternatives.push_back(name + word.substr(at, comma - at));
        at = comma + 1;
      }
    }
    if (alternatives.size() > 1 && lists.size() > 1) {
      throw bad_usage("two parameters have several values", "only one of them may");
    }
    if (alternatives.size() > lists.size()) lists.resize(alternatives.size(), lists.front());
    for (std::size_t k = 0; k < lists.size(); ++k) {
      lists[k].push_back(alternatives[std::min(k, alternatives.size() - 1)]);
    }
  }
  return lists;
}

std::map<std::string, double> parse_held(const std::vector<std::string>& words,
                                         const std::vector<Definition>& definitions) {
  std::set<std::string> inputs;
  for (const Definition& d : definitions) {
    for (const std::string& input : d.function.inputs()) inputs.insert(input);
  }
  std::map<std::string, double> held;
  for (const std::string& word : words) {
    const std::size_t equals = word.find('=');
    const std::string name = word.substr(0, equals);
    const auto value =
        equals == std::string::npos ? std::nullopt : number_in(word.substr(equals + 1));
    if (!value || !std::isfinite(*value)) {
      throw bad_usage(fmt::format("--at wants an input and a number, not '{}'", word),
                      "for example --at b=1");
    }
    if (!inputs.contains(name)) {
      throw bad_usage(fmt::format("there is no input '{}'", name),
                      fmt::format("the inputs are: {}", fmt::join(inputs, ", ")));
    }
    held[name] = *value;
  }
  return held;
}

std::vector<plot::Subject> subjects_of(const PlotOptions& options) {
  std::vector<Definition> definitions;
  for (const std::string& def : options.defs) {
    definitions.push_back(resolve(def, options.definition));
  }
  const auto held = parse_held(options.at, definitions);
  std::vector<plot::Subject> subjects;
  for (const Definition& definition : definitions) {
    std::set<std::string> own;
    for (const ParameterInfo& p : definition.function.parameters()) own.insert(p.name);
    std::set<Parameters> seen;
    for (const auto& words : spread(options.definition.parameters)) {
      plot::Subject subject = {.definition = definition};
      for (const auto& [name, value] : parse_parameters(words, definitions)) {
        if (own.contains(name)) subject.parameters[name] = value;
      }
      for (const std::string& input : definition.function.inputs()) {
        const auto value = held.find(input);
        if (value != held.end()) subject.held.insert(*value);
      }
      // A definition without the parameter that varies is one curve.
      if (seen.insert(subject.parameters).second) subjects.push_back(std::move(subject));
    }
  }
  if (subjects.size() > most_curves) {
    throw bad_usage(
        fmt::format("{} curves are more than a picture can tell apart", subjects.size()),
        fmt::format("at most {}", most_curves));
  }
  return subjects;
}

void write_result(const std::string& path, const std::string& bytes) {
  OutputFile file(path);
  file.write(bytes);
  file.commit();
}

ExitCode run_plot(const PlotOptions& options) {
  const Target target = target_of(options.output);
  plot::PictureOptions picture;
  picture.x = parse_range("--x", options.x);
  picture.y = parse_range("--y", options.y);
  std::tie(picture.width, picture.height) = parse_size(options.size);
  picture.equal = options.equal;
  picture.title = options.title;
  picture.second = options.second;
  const plot::Theme theme = parse_theme(options.theme);
  if (!(options.scale >= 0.1 && options.scale <= 10)) {
    throw bad_usage(fmt::format("--scale {} is out of range", options.scale), "from 0.1 to 10");
  }
  const std::vector<plot::Subject> subjects = subjects_of(options);
  // Of several definitions the derivatives would be too much, unless they are asked for.
  picture.derivative = !options.no_derivative && (options.derivative || subjects.size() == 1);
  const plot::Scene scene = plot::picture_of(subjects, picture);
  if (target == Target::terminal) {
    const plot::TerminalStyle style = plot::terminal_style(STDOUT_FILENO, options.ascii);
    fmt::print("{}", plot::terminal_plot(scene, style));
    return exit_good;
  }
  const std::string svg =
      plot::svg(scene, {.width = picture.width, .height = picture.height, .theme = theme});
  switch (target) {
    case Target::terminal:
    case Target::svg:
      write_result(options.output, svg);
      break;
    case Target::png:
      write_result(options.output, plot::converted(svg, plot::Format::png, options.scale));
      break;
    case Target::pdf:
      write_result(options.output, plot::converted(svg, plot::Format::pdf));
      break;
  }
  return exit_good;
}

}  // namespace

Command add_plot(CLI::App& program) {
  auto options = std::make_shared<PlotOptions>();
  CLI::App* app = add_command(program, "plot", "Draws definitions, with their derivatives",
                              "  actc plot gelu\n"
                              "  actc plot 'x * tanh(log(1 + exp(x)))' --second -o mish.svg\n"
                              "  actc plot relu elu gelu silu -o four.pdf\n"
                              "  actc plot swish --param beta=0.5,1,2 --x -6:6 -o swish.png\n"
                              "  actc plot swiglu --at b=1\n");
  app->add_option("DEF", options->defs, "Built-ins' names, formulas, texts, or names in FILE")
      ->required();
  app->add_option("-o,--output", options->output,
                  "Where to: a name that ends in .svg, .png or .pdf; else the terminal")
      ->type_name("FILE");
  add_definition_options(*app, options->definition);
  app->get_option("--param")->description(
      "A parameter's value, or several with commas between them: a curve for each");
  app->add_option("--at", options->at, "The value at which an input stays, of several inputs")
      ->type_name("INPUT=VALUE")
      ->allow_extra_args(false);
  CLI::Option* derivative = app->add_flag("--derivative", options->derivative,
                                          "The derivative, too; meant where there is one curve");
  app->add_flag("--no-derivative", options->no_derivative, "No derivative")->excludes(derivative);
  app->add_flag("--second", options->second, "The second derivative, too");
  app->add_option("--x", options->x, "What is shown of the inputs")->type_name("FROM:TO");
  app->add_option("--y", options->y, "What is shown of the values")->type_name("FROM:TO");
  app->add_flag("--equal,!--free", options->equal, "One unit as long on both axes");
  app->add_option("--size", options->size, "Of the picture in pixels (800x500)")
      ->type_name("WIDTHxHEIGHT");
  app->add_option("--scale", options->scale, "Pixels of a PNG for each of these")
      ->type_name("FACTOR");
  app->add_option("--title", options->title, "Words above the picture")->type_name("TEXT");
  app->add_option("--theme", options->theme,
                  "light, dark, or auto: an SVG that follows its reader's choice")
      ->type_name("NAME");
  app->add_flag("--ascii", options->ascii, "No Braille on the terminal");
  return {app, [options] { return run_plot(*options); }};
}

}  // namespace actc::tools
