// What the commands' command lines have in common.
#include "tools/commands.h"

#include <fmt/format.h>

#include <array>
#include <memory>

#include "tools/terminal.h"

namespace actc::tools {
namespace {

class ExamplesFirst : public CLI::Formatter {
 public:
  explicit ExamplesFirst(std::string examples) : examples_(std::move(examples)) {}
  std::string make_description(const CLI::App* app) const override {
    return fmt::format("Examples:\n{}\n{}\n", examples_, app->get_description());
  }

 private:
  std::string examples_;
};

}  // namespace

void examples_first(CLI::App& app, const std::string& examples) {
  app.formatter(std::make_shared<ExamplesFirst>(examples));
}

CLI::App* add_command(CLI::App& program, const std::string& name, const std::string& description,
                      const std::string& examples) {
  CLI::App* app = program.add_subcommand(name, description);
  examples_first(*app, examples);
  return app;
}

void add_definition_options(CLI::App& app, DefinitionOptions& options) {
  app.add_option("-f,--file", options.file, "A file with definitions that DEF may name or use")
      ->type_name("FILE");
  app.add_option("--param", options.parameters, "A parameter's value; once for each")
      ->type_name("NAME=VALUE")
      ->allow_extra_args(false);
}

void add_convention_option(CLI::App& app, DefinitionOptions& options) {
  app.add_option("--convention", options.convention,
                 "Whose gradient is meant at a kink: pytorch (where it is not given), jax, "
                 "tensorflow or onednn")
      ->type_name("NAME");
}

void add_stabilize_option(CLI::App& app, DefinitionOptions& options) {
  app.add_flag("!--no-stabilize", options.stabilize,
               "Compute the formula as it stands, without the rules that keep its digits");
}

void add_avx2_option(CLI::App& app, bool& avx2) {
  app.add_flag("--avx2", avx2, "The kernels for processors without AVX-512");
}

void add_dtype_option(CLI::App& app, std::string& dtype, const std::string& description) {
  app.add_option("--dtype", dtype, description)->type_name("f32|f64|f16|bf16");
}

ElementType parse_dtype(const std::string& word) {
  if (word == "f32" || word == "float32") return ElementType::f32;
  if (word == "f64" || word == "float64") return ElementType::f64;
  if (word == "f16" || word == "float16") return ElementType::f16;
  if (word == "bf16" || word == "bfloat16") return ElementType::bf16;
  throw bad_usage(fmt::format("--dtype {} is unknown", word), "it is f32, f64, f16 or bf16");
}

std::string signature(const Function& function) {
  std::vector<std::string> parameters;
  for (const ParameterInfo& parameter : function.parameters()) {
    std::string text = parameter.learned ? "learn " : "";
    text += parameter.name;
    if (parameter.default_value) text += fmt::format(" = {}", *parameter.default_value);
    parameters.push_back(text);
  }
  return fmt::format("{}({}{}{})", function.name(), fmt::join(function.inputs(), ", "),
                     parameters.empty() ? "" : "; ", fmt::join(parameters, ", "));
}

}  // namespace actc::tools
