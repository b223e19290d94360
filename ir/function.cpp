// Libraries: functions by id and by name, own before base.
#include "ir/function.h"

#include <algorithm>
#include <mutex>
#include <utility>

namespace actc::ir {

struct Implementation::State {
  std::once_flag made;
  std::function<Graph()> make;
  Graph graph;
};

Implementation::Implementation(Graph graph)
    : Implementation([graph = std::move(graph)]() mutable { return std::move(graph); }) {}

Implementation::Implementation(std::function<Graph()> make) : state_(std::make_shared<State>()) {
  state_->make = std::move(make);
}

const Graph& Implementation::graph() const {
  std::call_once(state_->made, [this] {
    state_->graph = state_->make();
    state_->make = nullptr;  // with what it holds
  });
  return state_->graph;
}

bool Function::is_opaque() const {
  return !implementations.empty() ||
         std::ranges::any_of(derivatives, [](const auto& d) { return d.has_value(); });
}

Library::Library(std::shared_ptr<const Library> base)
    : base_(std::move(base)), base_size_(base_ ? base_->size() : 0) {}

FunctionId Library::add(Function function) {
  const auto id = static_cast<FunctionId>(size());
  names_.insert_or_assign(function.name, id);
  own_.push_back(std::move(function));
  return id;
}

const Function& Library::operator[](FunctionId id) const {
  return id < base_size_ ? (*base_)[id] : own_[id - base_size_];
}

Function& Library::own(FunctionId id) { return own_[id - base_size_]; }

std::optional<FunctionId> Library::find(std::string_view name) const {
  if (const auto it = names_.find(name); it != names_.end()) return it->second;
  return base_ ? base_->find(name) : std::nullopt;
}

}  // namespace actc::ir
