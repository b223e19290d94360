// actc emit: what the compiler holds after each stage, and the definition in other languages.
#include <fmt/format.h>

#include <array>
#include <cstdio>
#include <memory>
#include <utility>

#include "tools/commands.h"
#include "tools/terminal.h"

namespace actc::tools {
namespace {

struct EmitOptions {
  std::string def;
  DefinitionOptions definition;
  std::string stage;
  std::string language;
  std::string dtype = "f32";
  bool avx2 = false;
};

constexpr std::array<std::pair<std::string_view, Stage>, 7> stages = {{{"ast", Stage::ast},
                                                                       {"ir", Stage::ir},
                                                                       {"stable", Stage::stable},
                                                                       {"grad", Stage::grad},
                                                                       {"lowered", Stage::lowered},
                                                                       {"llvm", Stage::llvm},
                                                                       {"asm", Stage::assembly}}};

constexpr std::array<std::pair<std::string_view, Language>, 5> languages = {
    {{"c", Language::c},
     {"numpy", Language::python},
     {"javascript", Language::javascript},
     {"latex", Language::latex},
     {"mathml", Language::mathml}}};

// What the word names; `kind` is "stage" or "language".
template <class Table>
auto parse_word(const Table& table, const std::string& word, std::string_view kind) {
  std::vector<std::string> names;
  for (const auto& [name, meant] : table) {
    if (word == name) return meant;
    names.emplace_back(name);
  }
  const std::string guess = did_you_mean(word, names);
  throw bad_usage(
      fmt::format("there is no {} '{}'", kind, word),
      guess.empty() ? fmt::format("the {}s are: {}", kind, fmt::join(names, ", ")) : guess);
}

std::string in_language(const Function& function, Language language, ElementType type,
                        const KernelOptions& options) {
  if (language != Language::c || type == ElementType::f32) return function.emit(language, options);
  if (type == ElementType::f64) return function.emit<double>(language, options);
  throw bad_usage("C is of f32 or f64", "give --dtype f32 or f64");
}

ExitCode emit(const EmitOptions& options) {
  if (options.stage.empty() == options.language.empty()) {
    throw bad_usage("what is to be printed?", "give --stage or --as, one of them");
  }
  const ElementType type = parse_dtype(options.dtype);
  const Definition definition = resolve(options.def, options.definition);
  KernelOptions kernel;
  kernel.stabilize = definition.stabilize;
  kernel.avx2_only = options.avx2;
  kernel.fixed = parse_parameters(options.definition.parameters, {definition});
  const Function& function = definition.function;
  std::string text;
  if (!options.language.empty()) {
    const Language language = parse_word(languages, options.language, "language");
    text = in_language(function, language, type, kernel);
  } else {
    const Stage stage = parse_word(stages, options.stage, "stage");
    text = with_element_type(
        type, [&]<class T>(std::type_identity<T>) { return function.emit<T>(stage, kernel); });
  }
  if (!text.ends_with('\n')) text += '\n';
  std::fwrite(text.data(), 1, text.size(), stdout);
  return exit_good;
}

}  // namespace

Command add_emit(CLI::App& program) {
  auto options = std::make_shared<EmitOptions>();
  CLI::App* app =
      add_command(program, "emit",
                  "Prints what a stage of compilation makes, or the definition in another language",
                  "  actc emit mish --as=javascript\n"
                  "  actc emit gelu --as=c > gelu.c\n"
                  "  actc emit silu --stage=grad\n"
                  "  actc emit 'x * sigmoid(x)' --stage=asm --dtype f64\n"
                  "  actc emit swish --param beta=2 --stage=llvm\n");
  app->add_option("DEF", options->def, "A built-in's name, a formula, a text, or a name in FILE")
      ->required();
  app->add_option("--stage", options->stage, "What to print")
      ->type_name("ast|ir|stable|grad|lowered|llvm|asm");
  app->add_option("--as", options->language, "The language to write it in")
      ->type_name("c|numpy|javascript|latex|mathml");
  add_dtype_option(*app, options->dtype, "The number format; f32 where it is not given");
  add_avx2_option(*app, options->avx2);
  add_definition_options(*app, options->definition);
  add_convention_option(*app, options->definition);
  add_stabilize_option(*app, options->definition);
  return {app, [options] { return emit(*options); }};
}

}  // namespace actc::tools
