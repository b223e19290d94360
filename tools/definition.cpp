// From DEF, -f and --param to a function and its parameters.
#include "tools/definition.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>

#include "tools/errors.h"
#include "tools/files.h"
#include "tools/terminal.h"

namespace actc::tools {
namespace {

// A text may have 64 KiB; reading further than this cannot make it right.
constexpr std::size_t max_source_read = 1024 * 1024;

constexpr std::string_view command_line_name = "formula";

// The name of a formula that stands after a file's definitions but cannot follow them as it is.
constexpr std::string_view given_name = "formula_of_the_command_line";

constexpr std::array<std::pair<std::string_view, Convention>, 4> conventions = {{
    {"pytorch", Convention::pytorch},
    {"jax", Convention::jax},
    {"tensorflow", Convention::tensorflow},
    {"onednn", Convention::onednn},
}};

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }

bool is_identifier(std::string_view text) {
  return !text.empty() && is_letter(text.front()) &&
         std::ranges::all_of(text, [](char c) { return is_letter(c) || (c >= '0' && c <= '9'); });
}

bool is_value_name(std::string_view name) {
  constexpr std::array<std::string_view, 5> names = {"x", "pi", "e", "inf", "nan"};
  return std::ranges::find(names, name) != names.end();
}

Module compile_source(std::string_view source, std::string_view name, Convention convention) {
  Result<Module> module = try_compile(source, convention);
  print_diagnostics(module.diagnostics(), name);
  if (!module) throw SourceError{};
  print_diagnostics(module->warnings(), name);
  return *module;
}

std::string label_of(const Function& function, const std::string& text) {
  const std::string name = function.name();
  return name.empty() || name == given_name ? text : name;
}

// The text after the file's definitions. There is no separator between items, so a formula that
// begins with an operator or a parenthesis would continue the last definition: it gets a name, on
// a line of its own so that columns stay right. `whole` becomes the text that is compiled.
Module compile_with_file(const std::string& text, const std::string& path, Convention convention,
                         std::string& whole, std::uint32_t& lines_before) {
  const std::string file_text = read_source(path);
  compile_source(file_text, path, convention);
  std::string joined = file_text + "\n";
  const std::size_t first = text.find_first_not_of(" \t\r\n");
  if (first != std::string::npos && !is_letter(text[first]) && text[first] != '#') {
    joined += fmt::format("{}(x) =\n", given_name);
  }
  lines_before = static_cast<std::uint32_t>(std::ranges::count(joined, '\n'));
  whole = joined + text;
  Result<Module> module = try_compile(whole, convention);
  if (!module) {
    std::vector<Diagnostic> own(module.diagnostics().begin(), module.diagnostics().end());
    for (Diagnostic& diagnostic : own) {
      const bool in_file = diagnostic.line <= lines_before;
      if (!in_file) diagnostic.line -= lines_before;
      print_diagnostics({&diagnostic, 1}, in_file ? std::string_view(path) : command_line_name);
    }
    throw SourceError{};
  }
  return *module;
}

std::vector<std::string> parameter_names(const std::vector<Definition>& definitions) {
  std::vector<std::string> names;
  for (const Definition& definition : definitions) {
    for (const ParameterInfo& parameter : definition.function.parameters()) {
      names.push_back(parameter.name);
    }
  }
  return names;
}

double parse_value(const std::string& name, std::string_view text) {
  double value = 0;
  if (text.starts_with('+')) text.remove_prefix(1);
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error == std::errc::result_out_of_range) {
    throw bad_usage(fmt::format("the value of parameter {} does not fit a binary64", name));
  }
  if (error != std::errc{} || end != text.data() + text.size()) {
    throw bad_usage(fmt::format("the value of parameter {} is no number: '{}'", name, text),
                    "write it as in --param beta=1.5");
  }
  return value;
}

}  // namespace

std::string read_source(const std::string& path) { return read_file(path, max_source_read); }

Module compile_file(const std::string& path, Convention convention) {
  return compile_source(read_source(path), path, convention);
}

std::vector<Function> listed_builtins() {
  std::vector<Function> functions = standard_library().functions();
  // What the library has no documentation for is a part of its own math.
  std::erase_if(functions,
                [](const Function& function) { return function.documentation().empty(); });
  return functions;
}

Convention parse_convention(const std::string& word) {
  const auto known =
      std::ranges::find(conventions, word, &std::pair<std::string_view, Convention>::first);
  if (known != conventions.end()) return known->second;
  throw bad_usage(fmt::format("there is no convention '{}'", word),
                  "it is pytorch, jax, tensorflow or onednn");
}

Definition resolve(const std::string& word, const DefinitionOptions& options) {
  const std::string def = word.starts_with(" -") ? word.substr(1) : word;  // marked by `main`
  const Convention convention = parse_convention(options.convention);
  if (!is_identifier(def)) {
    std::string text = def;
    std::uint32_t lines_of_file = 0;
    const Module module = options.file.empty() ? compile_source(def, command_line_name, convention)
                                               : compile_with_file(def, options.file, convention,
                                                                   text, lines_of_file);
    const Function function = module.entry();
    return {function,     label_of(function, def), options.stabilize, text, options.file,
            lines_of_file};
  }
  const Module module =
      options.file.empty() ? standard_library(convention) : compile_file(options.file, convention);
  if (const std::optional<Function> function = module.find(def)) {
    if (options.file.empty()) return {*function, def, options.stabilize};
    return {*function,         def,
            options.stabilize, read_source(options.file),
            options.file,      std::numeric_limits<std::uint32_t>::max()};
  }
  if (is_value_name(def)) {
    return {compile_source(def, command_line_name, convention).entry(), def, options.stabilize,
            def};
  }
  std::vector<std::string> names;
  for (const Function& function : module.functions()) names.push_back(function.name());
  if (!options.file.empty()) {
    for (const Function& function : standard_library().functions()) {
      names.push_back(function.name());
    }
  }
  const std::string guess = did_you_mean(def, names);
  throw bad_content(options.file.empty()
                        ? fmt::format("there is no built-in '{}'", def)
                        : fmt::format("'{}' is neither in {} nor a built-in", def, options.file),
                    guess.empty() ? "'actc list' shows the built-ins" : guess);
}

Parameters parse_parameters(const std::vector<std::string>& words,
                            const std::vector<Definition>& definitions) {
  const std::vector<std::string> known = parameter_names(definitions);
  Parameters parameters;
  for (const std::string& word : words) {
    const std::size_t equals = word.find('=');
    if (equals == std::string::npos || equals == 0) {
      throw bad_usage(fmt::format("--param wants name=value, not '{}'", word),
                      "for example --param beta=1.5");
    }
    const std::string name = word.substr(0, equals);
    if (std::ranges::find(known, name) == known.end()) {
      std::string hint = did_you_mean(name, known);
      if (hint.empty()) {
        hint = known.empty() ? "it has no parameters"
                             : fmt::format("the parameters are: {}", fmt::join(known, ", "));
      }
      throw bad_usage(fmt::format("there is no parameter '{}'", name), hint);
    }
    if (!parameters.emplace(name, parse_value(name, word.substr(equals + 1))).second) {
      throw bad_usage(fmt::format("the parameter {} is given twice", name));
    }
  }
  return parameters;
}

Parameters parameters_of(const Definition& definition, const Parameters& all) {
  Parameters own;
  for (const ParameterInfo& parameter : definition.function.parameters()) {
    const auto given = all.find(parameter.name);
    if (given != all.end()) {
      own.insert(*given);
    } else if (!parameter.default_value) {
      throw bad_usage(
          fmt::format("the parameter {} of {} has no default", parameter.name, definition.label),
          fmt::format("give it: --param {}=…", parameter.name));
    }
  }
  return own;
}

namespace {

// Nothing where one has no value.
std::optional<Parameters> own_parameters(const Function& function, const Parameters& given) {
  Parameters own;
  for (const ParameterInfo& parameter : function.parameters()) {
    const auto value = given.find(parameter.name);
    if (value != given.end()) {
      own.insert(*value);
    } else if (!parameter.default_value) {
      return std::nullopt;
    }
  }
  return own;
}

}  // namespace

std::vector<Diagnostic> cancellations_of(const Function& function, const Parameters& given,
                                         bool stabilize) {
  const std::optional<Parameters> own = own_parameters(function, given);
  if (!own) return {};
  try {
    return function.cancellations(*own, stabilize);
  } catch (const Error&) {
    return {};
  }
}

std::vector<Diagnostic> warnings_of(const Function& function, const Parameters& given,
                                    bool stabilize) {
  std::vector<Diagnostic> all =
      function.analysis(own_parameters(function, given).value_or(Parameters()));
  const std::vector<Diagnostic> lost = cancellations_of(function, given, stabilize);
  all.insert(all.end(), lost.begin(), lost.end());
  return all;
}

void print_warnings(const Definition& definition, const Parameters& given) {
  for (Diagnostic warning : warnings_of(definition.function, given, definition.stabilize)) {
    std::string_view name = definition.file.empty() ? command_line_name : definition.file;
    if (warning.line > definition.lines_of_file) {
      warning.line -= definition.lines_of_file;
      name = command_line_name;
    }
    print_diagnostics({&warning, 1}, name);
  }
}

}  // namespace actc::tools
