// The commands of the actc program. Each `add_…` declares its command line and returns what runs
// it; errors leave as ToolError, SourceError or actc::Error, and `main` turns them to exit codes.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <string>
#include <vector>

#include "tools/definition.h"
#include "tools/errors.h"
#include "tools/npy.h"

namespace actc::tools {

struct Command {
  CLI::App* app;
  std::function<ExitCode()> run;
};

Command add_list(CLI::App& program);
Command add_show(CLI::App& program);
Command add_compare(CLI::App& program);
Command add_plot(CLI::App& program);
Command add_gallery(CLI::App& program);
Command add_check(CLI::App& program);
Command add_explain(CLI::App& program);
Command add_emit(CLI::App& program);
Command add_run(CLI::App& program);
Command add_bench(CLI::App& program);
Command add_verify(CLI::App& program);
Command add_saved(CLI::App& program);
Command add_cache(CLI::App& program);

// A command whose help starts with its examples.
CLI::App* add_command(CLI::App& program, const std::string& name, const std::string& description,
                      const std::string& examples);
void examples_first(CLI::App& app, const std::string& examples);

// -f and --param, as every command that takes DEF has them.
void add_definition_options(CLI::App& app, DefinitionOptions& options);

// --no-stabilize, as every command that compiles DEF has it.
void add_convention_option(CLI::App& app, DefinitionOptions& options);
void add_stabilize_option(CLI::App& app, DefinitionOptions& options);

// --avx2, as every command that compiles kernels for this processor has it.
void add_avx2_option(CLI::App& app, bool& avx2);

// --dtype: empty, or f32, f64, f16 or bf16 as `parse_dtype` reads it.
void add_dtype_option(CLI::App& app, std::string& dtype, const std::string& description);
ElementType parse_dtype(const std::string& word);

// --cache and --no-cache, as every command that compiles kernels to use them has them.
struct CacheChoice {
  std::string directory;  // empty: the user's
  bool off = false;
};
void add_cache_options(CLI::App& app, CacheChoice& choice);
// The cache meant, or none. What keeps it from being used is printed as a warning.
KernelCache open_cache(const CacheChoice& choice);

// "swish(x; beta = 1)"; the label alone where the definition has no name.
std::string signature(const Function& function);

}  // namespace actc::tools
