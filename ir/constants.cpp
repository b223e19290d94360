// The one place where the library computes in more than double precision.
#include "ir/constants.h"

#include <boost/math/special_functions/erf.hpp>
#include <boost/math/special_functions/expm1.hpp>
#include <boost/math/special_functions/log1p.hpp>
#include <boost/multiprecision/cpp_bin_float.hpp>
#include <cassert>
#include <optional>
#include <variant>

#include "ir/evaluate.h"

namespace actc::ir {

using BigFloat = boost::multiprecision::number<boost::multiprecision::cpp_bin_float<100>,
                                               boost::multiprecision::et_off>;

// Rationals stay as they are; what is not rational is computed.
struct Constants::Values {
  std::vector<std::variant<std::monostate, Rational, BigFloat>> of;

  BigFloat big(NodeId id) const {
    if (const auto* r = std::get_if<Rational>(&of[id])) return from_rational<BigFloat>(*r);
    return std::get<BigFloat>(of[id]);
  }
};

namespace {

// Boost.Multiprecision (1.74) fills the limits and constants of its number types at their first
// use, without a lock. Each is used once here, under the lock of a local static, before threads
// meet.
void prepare_big_floats() {
  static const bool prepared = [] {
    using Limits = std::numeric_limits<BigFloat>;
    const BigFloat limits[] = {Limits::max(),      Limits::min(),        Limits::lowest(),
                               Limits::epsilon(),  Limits::denorm_min(), Limits::round_error(),
                               Limits::infinity(), Limits::quiet_NaN()};
    const BigFloat args[] = {BigFloat(3) / 8, BigFloat(5) / 8};
    bool all_known = !isnan(limits[0]);
    for (const Operation op :
         {Operation::Pi, Operation::E, Operation::Sqrt, Operation::Floor, Operation::RealExp,
          Operation::RealLog, Operation::RealLog1p, Operation::RealExpm1, Operation::RealTanh,
          Operation::RealErf, Operation::RealErfc, Operation::RealSin, Operation::RealCos,
          Operation::RealAtan, Operation::RealPow}) {
      all_known = all_known && !isnan(detail::apply<BigFloat>(op, args));
    }
    return all_known;
  }();
  assert(prepared);
  (void)prepared;
}

}  // namespace

Constants::Constants(const Graph& graph)
    : constant_(graph.size(), false), values_(std::make_unique<Values>()) {
  prepare_big_floats();
  values_->of.resize(graph.size());
  for (NodeId id = 0; id < graph.size(); ++id) {
    const Node& node = graph[id];
    const bool over_reals = node.format == Format::real || node.format == Format::boolean;
    if (!over_reals || is_known_at_run_time(node.op)) continue;
    std::vector<BigFloat> args;
    bool all = true;
    for (const NodeId a : graph.args(id)) all = all && constant_[a];
    if (!all) continue;
    constant_[id] = true;
    if (node.op == Operation::Constant) {
      values_->of[id] = graph.value(id);
      continue;
    }
    for (const NodeId a : graph.args(id)) args.push_back(values_->big(a));
    values_->of[id] = detail::apply<BigFloat>(node.op, args.data());
  }
}

Constants::~Constants() = default;

NodeId Constants::rounded(NodeId id, Graph& to, Format format) const {
  if (const auto* exact_value = std::get_if<Rational>(&values_->of[id])) {
    return to.constant(*exact_value, format);
  }
  const BigFloat& value = std::get<BigFloat>(values_->of[id]);
  if (isnan(value)) return to.node(Operation::NotANumber, format, {});
  if (isinf(value)) {
    const NodeId infinity = to.node(Operation::Infinity, format, {});
    return value < 0 ? to.node(Operation::Neg, format, {infinity}) : infinity;
  }
  // Out of every format's range: keep the rational small.
  const BigFloat huge = ldexp(BigFloat(1), 2000);
  if (abs(value) > huge)
    return to.constant(value < 0 ? Rational(-(boost::multiprecision::cpp_int(1) << 2000))
                                 : Rational(boost::multiprecision::cpp_int(1) << 2000),
                       format);
  if (abs(value) < 1 / huge) return to.constant(0, format);
  return to.constant(value.convert_to<Rational>(), format);
}

bool Constants::truth(NodeId id) const { return values_->big(id) != 0; }

bool Constants::is_nan(NodeId id) const {
  const auto* value = std::get_if<BigFloat>(&values_->of[id]);
  return value != nullptr && isnan(*value);
}

}  // namespace actc::ir
