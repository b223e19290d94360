// Numbers to words: the largest errors and where, a picture of the binades, what does not fit.
#include "tools/verify_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace actc::tools {
namespace {

std::string_view dtype_name(ElementType type) {
  switch (type) {
    case ElementType::f32:
      return "f32";
    case ElementType::f64:
      return "f64";
    case ElementType::f16:
      return "f16";
    case ElementType::bf16:
      break;
  }
  return "bf16";
}

// Digits that tell neighbours of the format apart.
int digits_of(ElementType type) {
  return type == ElementType::f64 ? 17 : type == ElementType::f32 ? 9 : 5;
}

std::string number(double value, ElementType type) {
  return fmt::format("{:.{}g}", value, digits_of(type));
}

std::string place(const VerifyRequest& request, const std::array<double, 2>& at) {
  const auto inputs = request.function.inputs();
  std::string text = fmt::format("{} = {}", inputs[0], number(at[0], request.dtype));
  if (inputs.size() > 1) text += fmt::format(", {} = {}", inputs[1], number(at[1], request.dtype));
  return text;
}

std::string direction(const VerifyRequest& request) {
  if (!request.gradient) return "forward";
  const auto inputs = request.function.inputs();
  return inputs.size() == 1 ? "gradient" : fmt::format("gradient by {}", inputs[request.variable]);
}

std::string found(const VerifyRequest& request, const Finding& f) {
  return fmt::format("{:.3f} ULP at {} (result {}, exact {:.17g})", f.ulps, place(request, f.at),
                     number(f.result, request.dtype), f.exact);
}

// One character a binade: the tenth of a unit that the largest error lies in, up to 0.9; then 1 for
// less than 2, 2 for less than 3 …, + from 10.
char symbol(double ulps) {
  if (ulps < 0) return ' ';
  if (ulps < 0.25) return '.';
  if (ulps <= 0.5) return ':';
  if (ulps < 1) return '-';
  if (ulps < 10) return static_cast<char>('0' + static_cast<int>(ulps));
  return '+';
}

// Inputs from −largest to largest, with the exponents at some places below.
std::string picture(const std::vector<BinadeError>& binades) {
  std::vector<BinadeError> order;
  for (const BinadeError& b : binades) {
    if (b.negative) order.push_back(b);
  }
  std::ranges::reverse(order);
  const std::size_t middle = order.size();
  for (const BinadeError& b : binades) {
    if (!b.negative) order.push_back(b);
  }
  // Two lines of at most 140 characters: several binades to a character where there are many.
  const std::size_t join = (middle + 139) / 140;
  std::string text;
  for (const bool negative : {true, false}) {
    const std::size_t first = negative ? 0 : middle;
    std::string line;
    for (std::size_t i = 0; i < middle; i += join) {
      double worst = -1;
      for (std::size_t k = i; k < std::min(i + join, middle); ++k) {
        worst = std::max(worst, order[first + k].ulps);
      }
      line += symbol(worst);
    }
    const int from = order[first].exponent;
    const int to = order[first + middle - 1].exponent;
    text += negative ? fmt::format("  -2^{:<5} {} -2^{}\n", from, line, to)
                     : fmt::format("   2^{:<5} {}  2^{}\n", from, line, to);
  }
  return text;
}

std::string count_line(const VerifyRequest& request, const Count& count, std::string_view what) {
  if (count.count == 0) return {};
  return fmt::format("  {}: {}, first at {}\n", what, count.count, place(request, count.first));
}

Json place_json(const VerifyRequest& request, const std::array<double, 2>& at) {
  return request.function.inputs().size() == 1 ? Json(at[0]) : Json(at);
}

Json finding_json(const VerifyRequest& request, const Finding& f) {
  if (!f.found()) return nullptr;
  return {{"ulp", f.ulps},
          {"at", place_json(request, f.at)},
          {"result", f.result},
          {"exact", f.exact},
          {"kappa", f.condition}};
}

Json count_json(const VerifyRequest& request, const Count& c) {
  Json entry = {{"count", c.count}, {"first", nullptr}};
  if (c.count > 0) entry["first"] = place_json(request, c.first);
  return entry;
}

}  // namespace

std::string report_line(const VerifyRequest& request, const VerifyReport& r) {
  std::string text = fmt::format("{:<18} {:<4} {:<8} ", request.label, dtype_name(request.dtype),
                                 direction(request));
  const auto where = [&](const std::array<double, 2>& at) {
    return request.function.inputs().size() == 1 ? number(at[0], request.dtype)
                                                 : place(request, at);
  };
  if (r.plain.found()) text += fmt::format("{:.3f} ULP at {}", r.plain.ulps, where(r.plain.at));
  if (r.tail.found()) {
    text += fmt::format("; kappa > 8: {:.3f} at {}, less kappa/2 {:.3f}", r.tail.ulps,
                        where(r.tail.at), r.tail_excess.excess);
  }
  if (r.near_zero.found()) text += fmt::format("; near a zero: {:.3f}", r.near_zero.ulps);
  for (const auto& [count, what] :
       {std::pair(&r.over, "over"), std::pair(&r.mismatches, "NaN or infinity"),
        std::pair(&r.nan_lost, "NaN lost"), std::pair(&r.zero_signs, "sign of zero"),
        std::pair(&r.undecided, "undecided")}) {
    if (count->count > 0) {
      text += fmt::format("; {}: {}, first at {}", what, count->count, where(count->first));
    }
  }
  return text + (!request.contract ? "\n" : keeps(r) ? "  ok\n" : "  NOT KEPT\n");
}

std::string report_text(const VerifyRequest& request, const VerifyReport& r) {
  std::string text = fmt::format("{} {} {}{}: {} inputs in {:.1f} s, {} of them by MPFR\n",
                                 request.label, dtype_name(request.dtype), direction(request),
                                 request.against.empty() ? "" : " in " + request.against, r.inputs,
                                 r.seconds, r.by_mpfr);
  if (r.plain.found()) text += fmt::format("  largest error: {}\n", found(request, r.plain));
  if (r.tail.found()) {
    text += fmt::format("  where kappa > 8: {}, kappa {:.4g}\n", found(request, r.tail),
                        r.tail.condition);
    text += fmt::format("    less kappa/2: {:.3f} at {}\n", r.tail_excess.excess,
                        place(request, r.tail_excess.at));
  }
  for (const Crossing& c : r.crossings) {
    text +=
        fmt::format("  crosses zero at {:.9g} (magnitude {:.4g} within 1)\n", c.at, c.magnitude);
  }
  if (r.near_zero.found()) {
    text += fmt::format("  within 0.25 of a zero: {:.3f} in 2^-p of the magnitude, at {}\n",
                        r.near_zero.ulps, place(request, r.near_zero.at));
  }
  text += "  by binade (. < 0.25, : <= 0.5, - < 1, digits: ULP):\n";
  text += picture(r.binades);
  text += count_line(request, r.mismatches, "NaN or infinity mismatches");
  text += count_line(request, r.nan_lost, "NaN inputs without NaN");
  text += count_line(request, r.zero_signs, "wrong signs of zero");
  text += count_line(request, r.monotonicity, "steps against the formula's direction");
  text += count_line(request, r.range, "beyond the formula's range");
  text += count_line(request, r.no_value, "no exact value");
  text += count_line(request, r.undecided, "undecided");
  if (!r.screen.empty()) {
    text += fmt::format("  screen: {}, wrong by at most {:.2g} ULP where MPFR judged\n", r.screen,
                        r.screen_ulps);
  }
  if (r.unscreened > 0) {
    text +=
        fmt::format("  {} inputs lie in binades where the screen is of no use: judged by samples\n",
                    r.unscreened);
  }
  if (request.contract) {
    text += fmt::format("  bound {} ULP{}: {}\n", request.contract->bound,
                        request.contract->limits_of_sense ? " (+ kappa/2 where kappa > 8)" : "",
                        keeps(r) ? "kept" : "NOT KEPT");
    text += count_line(request, r.over, "over the bound");
  }
  return text;
}

Json report_json(const VerifyRequest& request, const VerifyReport& r) {
  Json crossings = Json::array();
  for (const Crossing& c : r.crossings) {
    crossings.push_back({{"at", c.at}, {"magnitude", c.magnitude}});
  }
  Json binades = Json::array();
  for (const BinadeError& b : r.binades) {
    if (b.ulps < 0) continue;
    binades.push_back({b.negative ? -1 : 1, b.exponent, b.ulps});
  }
  const bool tail = r.tail_excess.excess > r.plain.ulps;
  Json json = {
      {"name", request.label},
      {"dtype", dtype_name(request.dtype)},
      {"what", direction(request)},
      {"inputs", r.inputs},
      {"max_ulp", r.plain.found() ? Json(r.plain.ulps) : Json(nullptr)},
      {"at", r.plain.found() ? place_json(request, r.plain.at) : Json(nullptr)},
      {"mismatches", r.mismatches.count + r.nan_lost.count + r.zero_signs.count},
      {"seconds", r.seconds},
      {"bound", request.contract ? Json(request.contract->bound) : Json(nullptr)},
      {"ok", keeps(r)},
      {"worst_is_tail", tail},
      {"plain", finding_json(request, r.plain)},
      {"tail", finding_json(request, r.tail)},
      {"tail_less_half_kappa", r.tail_excess.found() ? Json(r.tail_excess.excess) : Json(nullptr)},
      {"near_zero", finding_json(request, r.near_zero)},
      {"crossings", std::move(crossings)},
      {"kappa", r.largest_condition},
      {"over", count_json(request, r.over)},
      {"nan_or_infinity_mismatches", count_json(request, r.mismatches)},
      {"nan_lost", count_json(request, r.nan_lost)},
      {"zero_signs", count_json(request, r.zero_signs)},
      {"monotonicity", count_json(request, r.monotonicity)},
      {"range", count_json(request, r.range)},
      {"no_value", count_json(request, r.no_value)},
      {"undecided", r.undecided.count},
      {"judged_by_mpfr", r.by_mpfr},
      {"unscreened", r.unscreened},
      {"screen_ulp", r.screen.empty() ? Json(nullptr) : Json(r.screen_ulps)},
      {"stride", request.stride},
      {"binades", std::move(binades)}};
  return json;
}

}  // namespace actc::tools
