// Cards to JSON; apart from what computes them, since nlohmann/json takes long to compile.
#include "tools/card/card_json.h"

#include <cmath>

namespace actc::tools {
namespace {

using Json = nlohmann::ordered_json;

Json number(double x) {
  if (std::isnan(x)) return "nan";
  if (std::isinf(x)) return x > 0 ? "inf" : "-inf";
  return x;
}

Json word(Certainty certainty) { return certainty == Certainty::proved ? "proved" : "sampled"; }

Json word(Symmetry symmetry) {
  switch (symmetry) {
    case Symmetry::odd:
      return "odd";
    case Symmetry::even:
      return "even";
    case Symmetry::point:
      return "point";
    case Symmetry::neither:
      break;
  }
  return "neither";
}

Json word(Monotone monotone) {
  switch (monotone) {
    case Monotone::constant:
      return "constant";
    case Monotone::increasing:
      return "increasing";
    case Monotone::decreasing:
      return "decreasing";
    case Monotone::non_decreasing:
      return "non-decreasing";
    case Monotone::non_increasing:
      return "non-increasing";
    case Monotone::neither:
      break;
  }
  return "neither";
}

Json numbers(const std::vector<double>& values) {
  Json array = Json::array();
  for (const double x : values) array.push_back(number(x));
  return array;
}

Json json_of(const Known& known) {
  Json object = {{"value", number(known.value)}, {"certainty", word(known.certainty)}};
  if (known.certainty == Certainty::proved)
    object["enclosure"] = {number(known.low), number(known.high)};
  return object;
}

Json json_of(const Zone& zone) { return {number(zone.low), number(zone.high)}; }

Json json_of(const Break& b);
Json json_of(const Turn& turn);
Json json_of(const Asymptote& a);
Json json_of(const FixedPoint& p);
Json json_of(const Depth& d);
Json json_of(const KnownError& e);

template <class T>
Json array_of(const std::vector<T>& values) {
  Json array = Json::array();
  for (const T& value : values) array.push_back(json_of(value));
  return array;
}

Json json_of(const End& end) {
  Json object = json_of(end.value);
  object["attained"] = end.attained;
  object["at"] = numbers(end.at);
  object["on_an_interval"] = end.on_an_interval;
  return object;
}

Json json_of(const Extent& extent) {
  return {{"low", json_of(extent.low)},
          {"high", json_of(extent.high)},
          {"certainty", word(extent.certainty)}};
}

Json json_of(const Zones& zones) {
  return {{"zones", array_of(zones.zones)},
          {"share", number(zones.share)},
          {"certainty", word(zones.certainty)}};
}

Json json_of(const Break& b) {
  return {{"at", number(b.at)},
          {"kind", b.is_jump() ? "jump" : "kink"},
          {"left", number(b.left)},
          {"value", number(b.value)},
          {"right", number(b.right)},
          {"left_slope", number(b.left_slope)},
          {"slope", number(b.slope)},
          {"right_slope", number(b.right_slope)},
          {"certainty", b.proved ? "proved" : "sampled"}};
}

Json json_of(const Turn& turn) {
  return {{"at", json_of(turn.at)},
          {"value", json_of(turn.value)},
          {"kind", turn.is_minimum ? "minimum" : "maximum"}};
}

Json json_of(const Asymptote& a) {
  return {{"side", a.side == Side::left ? "left" : "right"},
          {"slope", number(a.slope)},
          {"offset", number(a.offset)},
          {"certainty", a.proved ? "proved" : "sampled"}};
}

Json json_of(const FixedPoint& p) {
  return {{"mean", number(p.mean)},
          {"variance", number(p.variance)},
          {"rate", number(p.rate)},
          {"attracts", p.attracts()}};
}

Json json_of(const Depth& d) {
  return {{"layers", d.layers},
          {"weights", number(d.weights)},
          {"signal", number(d.signal)},
          {"gradient", number(d.gradient)}};
}

Json json_of(const KnownError& e) {
  return {{"dtype", e.dtype},
          {"what", e.what},
          {"ulp", number(e.ulps)},
          {"inputs", e.inputs},
          {"date", e.date}};
}

Json json_of(const Shape& s) {
  Json json;
  json["range"] = json_of(s.range);
  json["zeros"] = {{"points", array_of(s.zeros)},
                   {"intervals", array_of(s.zero_zones)},
                   {"certainty", word(s.all_zeros ? Certainty::proved : Certainty::sampled)}};
  json["at_zero"] = json_of(s.at_zero);
  json["slope_at_zero"] = json_of(s.slope_at_zero);
  json["symmetry"] = {{"kind", word(s.symmetry)}, {"certainty", word(s.symmetry_certainty)}};
  json["smoothness"] = {
      {"differentiable", s.differentiable ? Json(*s.differentiable) : Json("always")},
      {"certainty", word(s.differentiable_certainty)},
      {"breaks", array_of(s.breaks)}};
  json["monotone"] = {{"kind", word(s.monotone)},
                      {"certainty", word(s.monotone_certainty)},
                      {"turns", array_of(s.turns)}};
  json["convex"] = json_of(s.convex);
  json["concave"] = json_of(s.concave);
  json["slope"] = json_of(s.slope);
  json["slope"]["lipschitz"] = number(s.lipschitz);
  json["slope"]["surrogate"] = s.surrogate;
  json["saturated"] = json_of(s.saturated);
  json["dead"] = json_of(s.dead);
  json["asymptotes"] = array_of(s.asymptotes);
  json["normal"] = {{"mean", number(s.mean)},
                    {"variance", number(s.variance)},
                    {"mean_square", number(s.mean_square)},
                    {"zero_centred", s.zero_centred},
                    {"certainty", "sampled"}};
  json["gain"] = {{"value", number(s.gain)},
                  {"pytorch", s.pytorch_gain ? number(*s.pytorch_gain) : Json(nullptr)}};
  json["fixed_points"] = {{"points", array_of(s.fixed_points)}, {"everywhere", s.fixed_everywhere}};
  json["depth"] = array_of(s.depths);
  return json;
}

Json json_of(const Binary32& b) {
  Json json = {{"low", number(b.low)},   {"low_at", number(b.low_at)},
               {"high", number(b.high)}, {"high_at", number(b.high_at)},
               {"inputs", b.inputs},     {"swept", b.swept}};
  if (!b.swept) return json;
  json["date"] = b.date;
  json["asymmetric"] = b.asymmetric;
  json["against_direction"] = b.against;
  json["largest_slope"] = number(b.largest_slope);
  json["largest_slope_at"] = number(b.largest_slope_at);
  json["smallest_slope"] = number(b.smallest_slope);
  json["smallest_slope_at"] = number(b.smallest_slope_at);
  json["dead_share"] = number(b.dead_share);
  return json;
}

Json json_of(const Cost& c) {
  const auto relative = [](double own, double relu) {
    return relu > 0 ? number(own / relu) : Json(nullptr);
  };
  return {{"elements", c.elements},
          {"forward_ns", number(c.forward)},
          {"backward_ns", number(c.backward)},
          {"forward_of_relu", relative(c.forward, c.relu_forward)},
          {"backward_of_relu", relative(c.backward, c.relu_backward)},
          {"errors", array_of(c.errors)},
          {"saved", c.saved},
          {"saved_bytes", number(c.saved_bytes)}};
}

}  // namespace

nlohmann::ordered_json to_json(const Card& card) {
  Json json;
  json["label"] = card.label;
  json["shape"] = card.shape ? json_of(*card.shape) : Json(nullptr);
  if (!card.no_shape.empty()) json["no_shape"] = card.no_shape;
  json["binary32"] = card.binary32 ? json_of(*card.binary32) : Json(nullptr);
  json["cost"] = json_of(card.cost);
  json["notes"] = card.notes;
  json["seconds"] = number(card.seconds);
  return json;
}

}  // namespace actc::tools
