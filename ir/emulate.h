// A formula over the reals at many points at once, each node as compiled code has it in a float
// format: for looking at what becomes of the digits on the way.
#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "ir/constants.h"
#include "ir/function.h"
#include "ir/interpret.h"

namespace actc::ir {

enum class Arithmetic : std::uint8_t {
  binary32,
  binary64,
  // binary64, the result of each operation that rounds moved by 2^-48 to 2^-47 of itself, up or
  // down, as node and element decide: more than the implementations' own errors.
  perturbed,
};

class Emulator {
 public:
  // Opens the calls that compiled code opens. The library must outlive it.
  Emulator(const Graph& graph, const Library& library);

  const Graph& graph() const { return graph_; }
  bool is_constant(NodeId id) const { return constants_.is_constant(id); }
  // Nodes to be computed for one element in binary32, those of implementations too.
  std::size_t cost();

  // One column an input and one value a parameter, which binary32 must hold. Returns a column a
  // node, empty where the outputs do not need it; valid until the next run.
  std::span<const std::vector<double>> run(std::span<const std::vector<double>> inputs,
                                           std::span<const double> parameters,
                                           Arithmetic arithmetic);

 private:
  struct Implementation {
    Graph lowered;
    std::unique_ptr<ColumnInterpreter> interpreter;
  };
  template <class F>
  void compute(std::span<const std::vector<double>> inputs, std::span<const double> parameters,
               bool perturbed);
  template <class F>
  void call(NodeId id, std::vector<double>& column);
  Implementation& implementation(FunctionId callee, Format format);
  bool is_exact(NodeId id) const;
  std::pair<double, double> constant(NodeId id) const;  // in binary32, in binary64

  const Library& library_;
  Graph graph_;
  Constants constants_;
  std::vector<bool> needed_;
  std::vector<std::uint32_t> uses_;
  std::vector<std::pair<double, double>> rounded_;
  std::map<std::pair<FunctionId, Format>, Implementation> implementations_;
  std::vector<std::vector<double>> columns_;
};

}  // namespace actc::ir
