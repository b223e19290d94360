// A definition as Python: functions of NumPy arrays, computed in binary64.
#include <fmt/format.h>

#include <algorithm>

#include "ir/emit_code.h"
#include "ir/round.h"

namespace actc::ir {
namespace {

std::string helper_text(const NamedHelper& helper, const Code& code) {
  std::string text =
      fmt::format("\n\ndef {}({}):\n", helper.name, fmt::join(helper.helper.arguments, ", "));
  for (const std::string& line : code.statements) text += "    " + line + "\n";
  return text + "    return " + code.result + "\n";
}

class PythonFunctions {
 public:
  PythonFunctions(const Emitted& definition, const EmittedNames& names)
      : definition_(definition), names_(names) {
    arrays_ = names.inputs;
    // The value takes no gradient from above.
    if (definition.with_seed) seed_ = arrays_.back();
  }

  std::string text(std::size_t output, Code code) const {
    std::vector<std::string> arrays = arrays_;
    if (definition_.with_seed && output == 0) arrays.pop_back();
    std::string text =
        fmt::format("\n\ndef {}({}", names_.functions[output], fmt::join(arrays, ", "));
    bool named = false;
    for (std::size_t k = 0; k < names_.parameters.size(); ++k) {
      if (definition_.fixed[k]) continue;
      text += named ? ", " : ", *, ";
      named = true;
      text += names_.parameters[k];
      const auto& value = definition_.parameters[k].default_value;
      if (value) text += "=" + literal(round_to_binary64(*value));
    }
    text += "):\n    \"\"\"" + documentation(output) + "\"\"\"\n";
    for (const std::string& array : arrays)
      text += fmt::format("    {0} = np.asarray({0}, dtype=np.float64)\n", array);
    if (!varies(output)) {
      const std::string like =
          arrays.size() == 1 || definition_.with_seed
              ? arrays[0]
              : fmt::format("np.broadcast_arrays({})[0]", fmt::join(arrays, ", "));
      code.result = fmt::format("np.full_like({}, {})", like, code.result);
    }
    text += "    with np.errstate(all=\"ignore\"):\n";
    for (const std::string& line : code.statements) text += "        " + line + "\n";
    return text + "        return " + code.result + "\n";
  }

 private:
  std::string documentation(std::size_t output) const {
    const EmittedOutput& of = definition_.outputs[output];
    if (of.of.empty()) {
      const std::string first =
          definition_.documentation.substr(0, definition_.documentation.find('\n'));
      const bool short_formula = definition_.formula.size() <= longest_formula;
      std::string line = in_comment(!first.empty()  ? first
                                    : short_formula ? definition_.formula
                                                    : definition_.name);
      std::ranges::replace(line, '"', '\'');
      return line;
    }
    return definition_.with_seed
               ? fmt::format("The gradient with respect to {}, for {} from above.", of.of, seed_)
               : fmt::format("The derivative with respect to {}.", of.of);
  }

  // Does the output have elements, whatever the inputs are? A gradient has those of its input.
  bool varies(std::size_t output) const {
    Graph one = definition_.graph;
    if (definition_.with_seed && output != 0 && !varies_along_row(one[one.outputs[output]].shape))
      return false;
    one.outputs = {one.outputs[output]};
    const std::vector<bool> needed = reachable(one);
    for (NodeId id = 0; id < one.size(); ++id) {
      if (needed[id] && one[id].op == Operation::Input) return true;
    }
    return false;
  }

  const Emitted& definition_;
  const EmittedNames& names_;
  std::vector<std::string> arrays_;
  std::string seed_;
};

}  // namespace

std::string emit_python(const Emitted& definition, const Library& library, const Helpers& helpers) {
  constexpr Tongue tongue = Tongue::python;
  const std::vector<NamedHelper> named = collect_helpers(definition, library, helpers, tongue);
  const EmittedNames names = emitted_names(definition, named, tongue);
  CodeOptions options = code_options(definition, names, named, library, tongue);
  std::string text;
  for (const std::string& line : heading(definition)) text += "# " + line + "\n";
  text += "import numpy as np\n";
  for (const NamedHelper& h : named) {
    CodeOptions own = options;
    own.inputs = h.helper.arguments;
    text += helper_text(h, write_code(*h.helper.body, h.helper.body->outputs[0], own));
  }
  const PythonFunctions functions(definition, names);
  for (std::size_t k = 0; k < definition.outputs.size(); ++k) {
    options.carry_nan = k == 0;
    text += functions.text(k, write_code(definition.graph, definition.graph.outputs[k], options));
  }
  return text;
}

}  // namespace actc::ir
