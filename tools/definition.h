// What DEF means on the command line, and the parameters given beside it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/actc.h"

namespace actc::tools {

struct DefinitionOptions {
  std::string file;                     // -f: a text whose definitions DEF may use; may be empty
  std::vector<std::string> parameters;  // --param: "name=value" each
  bool stabilize = true;                // not --no-stabilize
  std::string convention = "pytorch";   // --convention
};

struct Definition {
  Function function;
  std::string label;  // its name, or the formula itself where it has none
  bool stabilize = true;
  std::string text = {};  // what was compiled; empty where it is a built-in
  std::string file = {};  // what the text begins with, and how many lines that has
  std::uint32_t lines_of_file = 0;
};

// DEF is, in this order: a plain identifier: a name in the file, else a built-in's name; any other
// text: a formula or a whole text (its last definition is meant), which may use the definitions of
// the file. `x` and the constants of the language are formulas. Warnings are printed. Errors in a
// text are printed with their places; then a SourceError says so.
Definition resolve(const std::string& def, const DefinitionOptions& options);

// The module of a file. Prints warnings; errors as above.
Module compile_file(const std::string& path, Convention convention = Convention::pytorch);

// The built-ins that are for texts to call: those that the library documents.
std::vector<Function> listed_builtins();

// A ToolError of exit_bad_usage for a word that names none.
Convention parse_convention(const std::string& word);

// The text of a file, cut where it is longer than any text that compiles.
std::string read_source(const std::string& path);

// The diagnostics have been printed; nothing is left to say.
struct SourceError {};

// The values given with --param, checked against the parameters that exist. A word that is not
// name=value, a name that no definition has, and a parameter without a default that is not given
// are ToolErrors of exit_bad_usage.
Parameters parse_parameters(const std::vector<std::string>& words,
                            const std::vector<Definition>& definitions);

// Those of `all` that the function has. A ToolError of exit_bad_usage where one without a default
// is missing.
Parameters parameters_of(const Definition& definition, const Parameters& all);

// What can be shown to go wrong in a definition (Function::analysis), then where it loses its
// digits (Function::cancellations), with the parameters given and the defaults of others.
std::vector<Diagnostic> warnings_of(const Function& function, const Parameters& given = {},
                                    bool stabilize = true);
// The latter alone. Empty where a parameter has neither, and where the formula is too large for a
// kernel.
std::vector<Diagnostic> cancellations_of(const Function& function, const Parameters& given = {},
                                         bool stabilize = true);

// All of them, printed as warnings of the one definition that a command is about.
void print_warnings(const Definition& definition, const Parameters& given);

}  // namespace actc::tools
