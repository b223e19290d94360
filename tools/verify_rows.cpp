#include "tools/verify_rows.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <memory>
#include <span>

#include "tools/oracle_rows.h"
#include "tools/terminal.h"
#include "tools/verify_kernel.h"
#include "tools/verify_points.h"
#include "tools/verify_rows_inputs.h"
#include "tools/verify_tasks.h"

namespace actc::tools {
namespace {

// 2^-doubt of a unit is what the oracle's value may be wrong by.
constexpr int doubt = 12;

// log2 of the unit of the last place of something of this size.
long unit_of(const NumberFormat& format, long double size) {
  if (!(size > 0)) return unit_exponent(format, format.min_exponent);
  return unit_exponent(format, std::isinf(size) ? format.max_exponent : std::ilogb(size));
}

// As many bits as keep an exponential apart from the 1 that it is added to, as far as that is
// something in the format.
mpfr_prec_t first_precision(const NumberFormat& format, const SampleRow& row) {
  double spread = 0;
  for (const std::vector<double>& input : row.inputs) {
    for (const double x : input) {
      if (x == 0 || !std::isfinite(x)) continue;
      spread = std::max(spread, std::abs(x) >= 1 ? 3 * std::abs(x) : -2.0 * std::ilogb(x));
    }
  }
  const double all = static_cast<double>(format.digits - format.min_exponent);
  return 128 + static_cast<mpfr_prec_t>(std::min(spread, all));
}

bool agree(const TermRow& rough, const TermRow& fine, const NumberFormat& format) {
  return std::ranges::equal(rough, fine, [&](const Term& a, const Term& b) {
    if (isnan(a.value) || isnan(b.value)) return isnan(a.value) && isnan(b.value);
    if (a.value == b.value) return true;
    return abs(a.value - b.value) <= ldexp(Mpfr(1), unit_of(format, size_of(b)) - doubt);
  });
}

// With precision raised until it is decided.
std::optional<RowOracle::Outcome> decided(RowOracle& oracle, const SampleRow& row,
                                          std::span<const double> dy, const NumberFormat& format) {
  for (mpfr_prec_t bits = first_precision(format, row); bits <= largest_precision; bits *= 2) {
    const PrecisionScope rough(bits);
    const RowOracle::Outcome first = oracle.at(row.inputs, dy);
    const PrecisionScope fine(bits + 64);
    RowOracle::Outcome second = oracle.at(row.inputs, dy);
    const bool same = dy.empty() ? agree(first.value, second.value, format)
                                 : std::ranges::equal(first.gradients, second.gradients,
                                                      [&](const TermRow& a, const TermRow& b) {
                                                        return agree(a, b, format);
                                                      });
    if (same) return second;
  }
  return {};
}

bool has_nan(const SampleRow& row) {
  return std::ranges::any_of(row.inputs, [](const std::vector<double>& input) {
    return std::ranges::any_of(input, [](double x) { return std::isnan(x); });
  });
}

void keep_larger(RowFinding& a, const RowFinding& b) {
  if (b.error > a.error) a = b;
}

void count(RowCount& to, const RowFinding& finding) {
  if (to.count++ == 0 || finding.at.seed < to.first.at.seed) to.first = finding;
}

void merge(RowCount& to, const RowCount& from) {
  if (from.count > 0 && (to.count == 0 || from.first.at.seed < to.first.at.seed)) {
    to.first = from.first;
  }
  to.count += from.count;
}

void merge(RowReport& to, const RowReport& from) {
  to.rows += from.rows;
  to.values += from.values;
  to.most_columns = std::max(to.most_columns, from.most_columns);
  keep_larger(to.by_ulp, from.by_ulp);
  keep_larger(to.by_terms, from.by_terms);
  keep_larger(to.by_row, from.by_row);
  merge(to.over, from.over);
  merge(to.mismatches, from.mismatches);
  merge(to.near_switch, from.near_switch);
  to.no_value += from.no_value;
  to.undecided += from.undecided;
}

// What was found of one row.
class Judged {
 public:
  Judged(const SampleRow& row, const NumberFormat& format,
         const std::optional<RowContract>& contract, bool near_switch, RowReport& report)
      : row_(row),
        format_(format),
        contract_(contract),
        near_switch_(near_switch),
        report_(report) {}

  void judge(std::span<const double> results, const TermRow& exact) {
    ++report_.rows;
    report_.most_columns = std::max(report_.most_columns, row_.columns());
    // No relative error is meant below the smallest normal number.
    long double largest = std::ldexp(1.0L, static_cast<int>(format_.min_exponent));
    for (const Term& term : exact) {
      if (isfinite(term.value)) largest = std::max(largest, size_of(term));
    }
    for (std::size_t c = 0; c < results.size(); ++c) {
      judge(c, results[c], exact[exact.size() == 1 ? 0 : c], largest);
    }
  }

 private:
  void judge(std::size_t column, double result, const Term& exact, long double largest) {
    RowFinding finding{.at = {row_.kind, row_.seed, row_.columns(), column},
                       .result = result,
                       .exact = static_cast<double>(exact.value)};
    if (isnan(exact.value) && !std::isnan(result) && !has_nan(row_)) {
      ++report_.no_value;
      return;
    }
    ++report_.values;
    if (is_mismatch(result, exact.value)) {
      count(near_switch_ ? report_.near_switch : report_.mismatches, finding);
      return;
    }
    const auto keep = [&](RowFinding& kept, long double error) {
      finding.error = static_cast<double>(error);
      keep_larger(kept, finding);
      return finding.error;
    };
    const Mpfr off = std::isfinite(result) ? abs(Mpfr(result) - exact.value) : Mpfr(0);
    const long double distance = mpfr_get_ld(off.get(), MPFR_RNDN);
    const auto in_units = [&](long double size) {
      return std::ldexp(distance, static_cast<int>(-unit_of(format_, size)));
    };
    keep(report_.by_ulp, in_units(size_of({.value = exact.value})));
    const double by_terms = keep(report_.by_terms, in_units(size_of(exact)));
    const double by_row = keep(report_.by_row, distance / largest);
    if (contract_ && (contract_->of_row ? by_row : by_terms) > contract_->bound) {
      finding.error = contract_->of_row ? by_row : by_terms;
      count(near_switch_ ? report_.near_switch : report_.over, finding);
    }
  }

  bool is_mismatch(double result, const Mpfr& exact) const {
    if (isnan(exact) || std::isnan(result)) return !(isnan(exact) && std::isnan(result));
    if (std::isfinite(result)) return isinf(exact);
    // Half a unit beyond the largest number rounds to infinity.
    const Mpfr limit = ldexp(Mpfr(2) - ldexp(Mpfr(1), -format_.digits), format_.max_exponent);
    return abs(exact) < limit || signbit(exact) != std::signbit(result);
  }

  const SampleRow& row_;
  const NumberFormat& format_;
  const std::optional<RowContract>& contract_;
  bool near_switch_;
  RowReport& report_;
};

template <class T>
std::vector<T> as_elements(std::span<const double> values) {
  std::vector<T> result;
  for (const double v : values) result.push_back(static_cast<T>(v));
  return result;
}

template <class T>
std::vector<double> as_doubles(std::span<const T> values) {
  std::vector<double> result;
  for (const T v : values) result.push_back(as_double(v));
  return result;
}

template <class T>
class RowSweep {
 public:
  explicit RowSweep(const RowRequest& request)
      : request_(request),
        names_(request.of.function.inputs()),
        oracle_(request.of.text, request.of.function.name()),
        values_(bound_values(request.of, oracle_.function())),
        kernel_(
            bound_kernel<T>(request.of, named(oracle_.function(), values_), request.of.kernel)) {}

  std::vector<RowReport> run() {
    const auto begin = std::chrono::steady_clock::now();
    const std::vector<RowChoice> rows = chosen_rows(names_, request_.columns);
    std::vector<RowReport> total = reports();
    std::unique_ptr<Progress> progress;
    if (request_.of.progress) {
      progress = std::make_unique<Progress>(fmt::format("verifying {}", request_.of.label));
    }
    const unsigned threads = request_.of.threads != 0
                                 ? request_.of.threads
                                 : std::max(1U, std::thread::hardware_concurrency());
    in_parallel(
        threads, rows.size(), [&] { return Worker{oracle(), reports()}; },
        [&](Worker& w, std::size_t task) {
          work(w, sample_row(rows[task], task + 1, names_, request_.of.dtype));
        },
        [&](Worker& w) {
          for (std::size_t k = 0; k < total.size(); ++k) merge(total[k], w.reports[k]);
        },
        [&](std::size_t task) {
          if (progress) progress->update(task, rows.size());
        });
    const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - begin;
    for (RowReport& report : total) report.seconds = elapsed.count();
    return total;
  }

 private:
  struct Worker {
    RowOracle oracle;
    std::vector<RowReport> reports;
  };

  // 16-bit formats are computed in binary32.
  RowOracle oracle() const {
    return RowOracle(oracle_, values_, sizeof(T) == 8 ? binary64 : binary32);
  }

  std::vector<RowReport> reports() const {
    if (!request_.of.gradient) return {RowReport{.what = "forward"}};
    if (names_.size() == 1) return {RowReport{.what = "gradient"}};
    std::vector<RowReport> result;
    for (const std::string& name : names_) result.push_back({.what = "gradient by " + name});
    return result;
  }

  void work(Worker& w, const SampleRow& row) const {
    const bool one_value = request_.of.function.has_row_value();
    const std::span<const double> dy = std::span(row.dy).first(one_value ? 1 : row.dy.size());
    // A NaN makes of a gradient NaN or that of a branch.
    if (request_.of.gradient && has_nan(row)) return;
    std::vector<std::vector<T>> inputs;
    for (const std::vector<double>& input : row.inputs) inputs.push_back(as_elements<T>(input));
    const std::vector<std::span<const T>> in(inputs.begin(), inputs.end());
    std::vector<std::vector<T>> results;
    if (request_.of.gradient) {
      results.assign(inputs.size(), std::vector<T>(row.columns()));
      const std::vector<std::span<T>> out(results.begin(), results.end());
      kernel_.backward(in, as_elements<T>(dy), out);
    } else {
      results.emplace_back(dy.size());
      kernel_.forward(in, results[0]);
    }
    const NumberFormat format = format_of<T>();
    const std::optional<RowOracle::Outcome> exact =
        decided(w.oracle, row, request_.of.gradient ? dy : std::span<const double>(), format);
    for (std::size_t k = 0; k < results.size(); ++k) {
      if (!exact) {
        ++w.reports[k].undecided;
        continue;
      }
      const PrecisionScope precision(first_precision(format, row) + 64);
      Judged(row, format, request_.contract, exact->near_switch, w.reports[k])
          .judge(as_doubles<T>(results[k]),
                 request_.of.gradient ? exact->gradients[k] : exact->value);
    }
  }

  const RowRequest& request_;
  std::vector<std::string> names_;
  Oracle oracle_;
  std::vector<double> values_;
  BoundKernel<T> kernel_;
};

}  // namespace

std::optional<RowContract> row_contract_of(const VerifyRequest& request) {
  if (!request.text.empty()) return {};
  switch (request.dtype) {
    case ElementType::f64:
      return RowContract{.bound = 1e-13, .of_row = true};
    case ElementType::f32:
      return RowContract{.bound = 4};
    case ElementType::f16:
    case ElementType::bf16:
      break;
  }
  return RowContract{.bound = 1};
}

std::vector<RowReport> verify_rows(const RowRequest& request) {
  return with_element_type(
      request.of.dtype, [&]<class T>(std::type_identity<T>) { return RowSweep<T>(request).run(); });
}

bool keeps(const RowReport& report) {
  return report.over.count == 0 && report.mismatches.count == 0;
}

}  // namespace actc::tools
