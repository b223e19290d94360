// A definition as C11: what a kernel computes of one element, operation by operation, so that the
// results have its bits.
#include <fmt/format.h>

#include <algorithm>

#include "ir/emit_code.h"
#include "ir/round.h"

namespace actc::ir {
namespace {

// Minimum and maximum give their second argument where either is NaN, as the processors' do.
constexpr std::string_view prelude = R"(#include <math.h>
#include <stdint.h>
#include <string.h>

#ifndef ACTC_OPERATIONS
#define ACTC_OPERATIONS
static inline float actc_minf(float a, float b) { return a < b ? a : b; }
static inline float actc_maxf(float a, float b) { return a > b ? a : b; }
static inline double actc_min(double a, double b) { return a < b ? a : b; }
static inline double actc_max(double a, double b) { return a > b ? a : b; }
static inline uint32_t actc_bitsf(float x) {
  uint32_t bits;
  memcpy(&bits, &x, sizeof bits);
  return bits;
}
static inline uint64_t actc_bits(double x) {
  uint64_t bits;
  memcpy(&bits, &x, sizeof bits);
  return bits;
}
static inline float actc_from_bits32(uint32_t bits) {
  float x;
  memcpy(&x, &bits, sizeof x);
  return x;
}
static inline double actc_from_bits64(uint64_t bits) {
  double x;
  memcpy(&x, &bits, sizeof x);
  return x;
}
static inline uint32_t actc_to_integerf(float x) {
  return x >= -0x1p31f && x < 0x1p31f ? (uint32_t)(int32_t)x : 0x80000000u;
}
static inline uint64_t actc_to_integer(double x) {
  return x >= -0x1p63 && x < 0x1p63 ? (uint64_t)(int64_t)x : UINT64_C(0x8000000000000000);
}
#endif
)";

std::string default_text(const Parameter& p, Format format) {
  if (!p.default_value) return "no default";
  return format == Format::binary32 ? fmt::format("{}", round_to_binary32(*p.default_value))
                                    : fmt::format("{}", round_to_binary64(*p.default_value));
}

std::vector<bool> used_variables(const Graph& graph, std::size_t output, Operation kind,
                                 std::size_t count) {
  Graph one = graph;
  one.outputs = {graph.outputs[output]};
  const std::vector<bool> needed = reachable(one);
  std::vector<bool> used(count);
  for (NodeId id = 0; id < one.size(); ++id) {
    if (needed[id] && one[id].op == kind) used[one[id].payload] = true;
  }
  return used;
}

}  // namespace

std::string emit_c(const Emitted& definition, Format format) {
  const EmittedNames names = emitted_names(definition, {}, Tongue::c);
  const CodeOptions options{
      .tongue = Tongue::c, .inputs = names.inputs, .parameters = names.parameters};
  const std::string_view type = format == Format::binary32 ? "float" : "double";
  std::string text;
  for (const std::string& line : heading(definition)) text += "// " + line + "\n";
  for (std::size_t k = 0; k < names.parameters.size(); ++k) {
    if (definition.fixed[k]) continue;
    text += fmt::format("// {}: {}\n", names.parameters[k],
                        default_text(definition.parameters[k], format));
  }
  text += "// Compile with -ffp-contract=off, link with -lm.\n";
  text += prelude;
  for (std::size_t k = 0; k < definition.outputs.size(); ++k) {
    std::vector<std::string> arguments;
    std::string unused;
    const auto add = [&](Operation kind, const std::vector<std::string>& group, auto is_argument) {
      const std::vector<bool> used = used_variables(definition.graph, k, kind, group.size());
      for (std::size_t at = 0; at < group.size(); ++at) {
        if (!is_argument(at)) continue;
        arguments.push_back(fmt::format("{} {}", type, group[at]));
        if (!used[at]) unused += fmt::format("  (void){};\n", group[at]);
      }
    };
    const bool value = definition.outputs[k].of.empty();
    add(Operation::Input, names.inputs,
        [&](std::size_t at) { return !value || at + 1 < names.inputs.size(); });
    add(Operation::Parameter, names.parameters,
        [&](std::size_t at) { return !definition.fixed[at]; });
    const Code code = write_code(definition.graph, definition.graph.outputs[k], options);
    text += fmt::format("\n{} {}({}) {{\n{}", type, names.functions[k], fmt::join(arguments, ", "),
                        unused);
    for (const std::string& line : code.statements) text += "  " + line + "\n";
    text += "  return " + code.result + ";\n}\n";
  }
  return text;
}

}  // namespace actc::ir
