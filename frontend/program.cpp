// Look-ups of functions, for lowering and for messages.
#include "frontend/program.h"

#include <fmt/format.h>

#include <algorithm>

#include "ir/passes.h"
#include "ir/text.h"

namespace actc::frontend {

Callee Program::resolve(std::string_view name) const {
  if (name.empty()) return {};
  if (const auto it = own_by_name.find(name); it != own_by_name.end()) {
    return {.kind = Callee::Kind::own, .own = it->second, .id = own[it->second].id};
  }
  if (base) {
    if (const auto id = base->find(name)) return {.kind = Callee::Kind::base, .id = *id};
  }
  if (const auto operation = ir::callable_operation(name)) {
    return {.kind = Callee::Kind::operation, .operation = *operation};
  }
  return {};
}

Callee Program::resolve_power() const {
  if (base) {
    if (const auto id = base->find("pow")) return {.kind = Callee::Kind::base, .id = *id};
  }
  return resolve("pow");
}

const ir::Function& Program::function(const Callee& callee) const {
  if (callee.kind == Callee::Kind::base) return (*base)[callee.id];
  const OwnFunction& mine = own[callee.own];
  return mine.helper ? mine.helper_function : (*library)[mine.id];
}

ir::Function& Program::own_function(OwnFunction& mine) {
  return mine.helper ? mine.helper_function : library->own(mine.id);
}

bool Program::stays_call(const Callee& callee) const {
  return callee.kind == Callee::Kind::own ? own[callee.own].opaque : function(callee).is_opaque();
}

const ir::Graph& Program::expanded_meaning(ir::FunctionId id) {
  const auto [it, first] = expanded_meanings.try_emplace(id);
  if (first) it->second = ir::expand_meaning((*library)[id].meaning, *library);
  return it->second;
}

std::vector<std::string_view> Program::function_names() const {
  std::vector<std::string_view> names;
  for (const auto& [name, index] : own_by_name) names.push_back(name);
  if (base) {
    for (ir::FunctionId id = 0; id < base->size(); ++id) names.push_back((*base)[id].name);
  }
  for (std::size_t i = 0; i <= static_cast<std::size_t>(ir::Operation::Call); ++i) {
    const auto operation = static_cast<ir::Operation>(i);
    const ir::OperationInfo& entry = ir::info(operation);
    const bool for_everyone =
        entry.klass != ir::OperationClass::bits && entry.klass != ir::OperationClass::real;
    if (for_everyone && ir::callable_operation(entry.name)) names.push_back(entry.name);
  }
  std::erase_if(names, [](std::string_view name) { return name.empty(); });
  return names;
}

std::uint32_t Program::line_of(Span span) const {
  const std::string_view before = source.substr(0, span.begin);
  return static_cast<std::uint32_t>(std::ranges::count(before, '\n') + 1);
}

std::string signature(const ir::Function& function) {
  std::string text = function.name + "(";
  for (std::size_t i = 0; i < function.inputs.size(); ++i) {
    text += (i > 0 ? ", " : "") + function.inputs[i];
  }
  for (std::size_t i = 0; i < function.parameters.size(); ++i) {
    const ir::Parameter& parameter = function.parameters[i];
    text += (i > 0 ? ", " : "; ") + parameter.name;
    text += parameter.default_value ? " = " + ir::to_text(*parameter.default_value) : "";
  }
  return text + ")";
}

std::string signature(ir::Operation operation) {
  const ir::OperationInfo& entry = ir::info(operation);
  const std::string_view arguments = [&]() -> std::string_view {
    if (entry.klass == ir::OperationClass::selection) return "condition, a, b";
    switch (operation) {
      case ir::Operation::Table:
        return "index, c0, c1, ...";
      case ir::Operation::CopySign:
        return "magnitude, sign";
      case ir::Operation::ShiftLeft:
      case ir::Operation::ShiftRight:
      case ir::Operation::ShiftRightSigned:
        return "i, n";
      default:
        break;
    }
    return entry.arity == 1 ? "x" : entry.arity == 2 ? "a, b" : "a, b, c";
  }();
  return fmt::format("{}({})", entry.name, arguments);
}

}  // namespace actc::frontend
