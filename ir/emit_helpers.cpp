// What a text in another language has beside its expressions: the helpers that it needs, names that
// the language leaves free, and comments.
#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

#include "ir/emit_code.h"

namespace actc::ir {
namespace {

std::vector<FunctionId> callees(const Graph& graph) {
  const std::vector<bool> needed = reachable(graph);
  std::vector<FunctionId> all;
  for (NodeId id = 0; id < graph.size(); ++id) {
    if (needed[id] && graph[id].op == Operation::Call) all.push_back(graph[id].payload);
  }
  return all;
}

bool is_native(const Function& f, Tongue tongue) { return !spelling(f.name, tongue).text.empty(); }

}  // namespace

bool is_native_in_python(const Function& function) { return is_native(function, Tongue::python); }
bool is_native_in_javascript(const Function& function) {
  return is_native(function, Tongue::javascript);
}

std::vector<NamedHelper> collect_helpers(const Emitted& definition, const Library& library,
                                         const Helpers& helpers, Tongue tongue) {
  std::vector<NamedHelper> found;
  const auto add_callees = [&](const Graph& graph) {
    for (const FunctionId id : callees(graph)) {
      const bool known = std::ranges::find(found, id, &NamedHelper::id) != found.end();
      if (known || id == definition.self || is_native(library[id], tongue)) continue;
      if (auto helper = helpers(id)) found.push_back({id, library[id].name, std::move(*helper)});
    }
  };
  add_callees(definition.graph);
  for (std::size_t k = 0; k < found.size(); ++k) add_callees(*found[k].helper.body);
  std::ranges::reverse(found);
  std::set<std::string> taken;
  for (const EmittedOutput& output : definition.outputs) taken.insert(output.name);
  for (NamedHelper& h : found) {
    h.name = free_name(h.name, tongue);
    while (!taken.insert(h.name).second) h.name += '_';
  }
  return found;
}

EmittedNames emitted_names(const Emitted& definition, std::span<const NamedHelper> helpers,
                           Tongue tongue) {
  EmittedNames names;
  std::set<std::string> taken;
  for (const EmittedOutput& output : definition.outputs)
    names.functions.push_back(free_name(output.name, tongue));
  for (const NamedHelper& h : helpers) taken.insert(h.name);
  const auto add = [&](std::vector<std::string>& group, const std::string& name) {
    std::string free = free_name(name, tongue);
    while (!taken.insert(free).second) free += '_';
    group.push_back(std::move(free));
  };
  for (const std::string& name : definition.names.inputs) add(names.inputs, name);
  for (const std::string& name : definition.names.parameters) add(names.parameters, name);
  return names;
}

CodeOptions code_options(const Emitted& definition, const EmittedNames& names,
                         std::span<const NamedHelper> helpers, const Library& library,
                         Tongue tongue) {
  const auto spell = [&definition, &names, helpers, &library, tongue](FunctionId callee,
                                                                      std::size_t arguments) {
    const Spelling native = spelling(library[callee].name, tongue);
    const auto helper = std::ranges::find(helpers, callee, &NamedHelper::id);
    if (helper == helpers.end() && !native.text.empty()) return std::string(native.text);
    std::string text = (callee == definition.self ? names.functions.front() : helper->name) + "(";
    for (std::size_t k = 0; k < arguments; ++k) {
      text += fmt::format("{}$.{}", k == 0 ? "" : ", ", k);
    }
    return text + ")";
  };
  return {.tongue = tongue,
          .inputs = names.inputs,
          .parameters = names.parameters,
          .carry_nan = true,
          .call = spell};
}

std::string in_comment(std::string_view text) {
  std::string line;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const auto c = static_cast<unsigned char>(text[at]);
    const bool separator =
        text.substr(at).starts_with("\xE2\x80\xA8") || text.substr(at).starts_with("\xE2\x80\xA9");
    if (separator) at += 2;
    const bool space = separator || c < 0x20 || c == 0x7f;
    line += space ? ' ' : c == '\\' ? '/' : text[at];
  }
  return line;
}

std::vector<std::string> heading(const Emitted& definition) {
  std::vector<std::string> lines;
  std::string line = definition.name;
  const std::string& documentation = definition.documentation;
  for (std::size_t at = 0; at < documentation.size();) {
    const std::size_t end = std::min(documentation.find('\n', at), documentation.size());
    line += (at == 0 ? ": " : "") + in_comment(documentation.substr(at, end - at));
    lines.push_back(std::exchange(line, {}));
    at = end + 1;
  }
  if (lines.empty()) lines.push_back(line);
  if (!definition.formula.empty() && definition.formula.size() <= longest_formula)
    lines.push_back(definition.formula);
  return lines;
}

}  // namespace actc::ir
