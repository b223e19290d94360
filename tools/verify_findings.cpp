// The classes of errors: plain, ill-conditioned, near a zero.
#include "tools/verify_findings.h"

#include <algorithm>
#include <cmath>

namespace actc::tools {

void keep_larger(Finding& a, const Finding& b) {
  if (b.found() && (!a.found() || b.ulps > a.ulps)) a = b;
}
void keep_larger_excess(Finding& a, const Finding& b) {
  if (b.found() && (!a.found() || b.excess > a.excess)) a = b;
}
void add(Count& a, const Count& b) {
  if (b.count == 0) return;
  if (a.count == 0 || Count::is_before(b.first[0], a.first[0])) a.first = b.first;
  a.count += b.count;
}

void merge(Gathered& to, Gathered&& from) {
  VerifyReport& a = to.report;
  const VerifyReport& b = from.report;
  a.inputs += b.inputs;
  a.by_mpfr += b.by_mpfr;
  a.unscreened += b.unscreened;
  for (Count VerifyReport::* c :
       {&VerifyReport::mismatches, &VerifyReport::nan_lost, &VerifyReport::zero_signs,
        &VerifyReport::undecided, &VerifyReport::no_value, &VerifyReport::over,
        &VerifyReport::monotonicity, &VerifyReport::range}) {
    add(a.*c, b.*c);
  }
  a.screen_ulps = std::max(a.screen_ulps, b.screen_ulps);
  for (std::size_t i = 0; i < to.binades.size(); ++i) {
    Binade& x = to.binades[i];
    Binade& y = from.binades[i];
    x.picture = std::max(x.picture, y.picture);
    x.screen_error = std::max(x.screen_error, y.screen_error);
    x.screened = x.screened && y.screened;
    if (y.direction != 0) x.direction = y.direction;
    keep_larger(x.plain, y.plain);
    keep_larger(x.tail, y.tail);
    keep_larger_excess(x.excess, y.excess);
    keep_larger(x.near_zero, y.near_zero);
    add(x.over, y.over);
    add(x.mismatches, y.mismatches);
    add(x.swept_over, y.swept_over);
    add(x.swept_mismatches, y.swept_mismatches);
    x.doubtful_lost += y.doubtful_lost;
    x.doubtful.insert(x.doubtful.end(), y.doubtful.begin(), y.doubtful.end());
  }
}

bool doubt(Binade& binade, double x, std::size_t most) {
  if (binade.doubtful.size() >= most) return false;
  binade.doubtful.push_back(x);
  return true;
}

double file(Binade& binade, Finding finding, const std::optional<Contract>& contract,
            std::span<const Crossing> crossings, const NumberFormat& format) {
  const bool senses = !contract || contract->limits_of_sense;
  const auto zero = std::ranges::find_if(crossings, [&](const Crossing& c) {
    return std::abs(finding.at[0] - c.at) <= near_zero_radius;
  });
  finding.excess = finding.ulps;
  if (senses && zero != crossings.end()) {
    // In units of 2^-digits of the magnitude about the zero, or in ULP where that is less.
    const double units =
        std::ldexp(std::abs(finding.result - finding.exact), format.digits) / zero->magnitude;
    finding.excess = finding.ulps = std::min(units, finding.ulps);
    keep_larger(binade.near_zero, finding);
  } else if (senses && finding.condition > ill_conditioned) {
    finding.excess = finding.ulps - finding.condition / 2;
    keep_larger(binade.tail, finding);
    keep_larger_excess(binade.excess, finding);
  } else {
    keep_larger(binade.plain, finding);
  }
  return finding.excess;
}

void collect(Gathered& all, long lowest) {
  VerifyReport& report = all.report;
  const std::size_t binades = all.binades.size() / 2;  // of one sign
  for (std::size_t i = 0; i < all.binades.size(); ++i) {
    const Binade& b = all.binades[i];
    keep_larger(report.plain, b.plain);
    keep_larger(report.tail, b.tail);
    keep_larger_excess(report.tail_excess, b.excess);
    keep_larger(report.near_zero, b.near_zero);
    for (const Count& over : {b.over, b.swept_over}) add(report.over, over);
    for (const Count& count : {b.mismatches, b.swept_mismatches}) add(report.mismatches, count);
    const long index = static_cast<long>(i % binades);
    report.binades.push_back({i >= binades, static_cast<int>(lowest + index), b.picture});
  }
  for (const Finding* f : {&report.plain, &report.tail, &report.near_zero}) {
    report.largest_condition = std::max(report.largest_condition, f->condition);
  }
}

}  // namespace actc::tools
