#include "tools/verify_rows_report.h"

#include <fmt/format.h>

namespace actc::tools {
namespace {

std::string_view dtype_name(ElementType type) {
  constexpr std::string_view names[] = {"f32", "f64", "f16", "bf16"};
  return names[static_cast<std::size_t>(type)];
}

std::string bound_text(const RowContract& contract) {
  return contract.of_row ? fmt::format("{:g} of the row's largest term", contract.bound)
                         : fmt::format("{:g} ULP of the terms", contract.bound);
}

std::string place(const RowPlace& at) {
  return fmt::format("column {} of {} in row {} ({})", at.column, at.columns, at.seed, at.kind);
}

std::string found(const RowFinding& f, std::string_view unit) {
  return fmt::format("{:.{}f}{} at {}: {:.9g}, exact {:.17g}", f.error, 3, unit, place(f.at),
                     f.result, f.exact);
}

std::string count_line(const RowCount& count, std::string_view what) {
  if (count.count == 0) return {};
  return fmt::format("  {}: {}, first at {}: {:.9g}, exact {:.17g}\n", what, count.count,
                     place(count.first.at), count.first.result, count.first.exact);
}

Json finding_json(const RowFinding& f) {
  if (!f.found()) return nullptr;
  return {{"error", f.error},        {"row", f.at.seed},      {"kind", f.at.kind},
          {"columns", f.at.columns}, {"column", f.at.column}, {"result", f.result},
          {"exact", f.exact}};
}

Json count_json(const RowCount& c) {
  RowFinding first = c.first;
  first.error = std::max(first.error, 0.0);
  return {{"count", c.count}, {"first", c.count > 0 ? finding_json(first) : Json(nullptr)}};
}

}  // namespace

std::string report_text(const RowRequest& request, const RowReport& r) {
  std::string text = fmt::format("{} {} {}: {} values in {} rows of up to {} columns in {:.1f} s\n",
                                 request.of.label, dtype_name(request.of.dtype), r.what, r.values,
                                 r.rows, r.most_columns, r.seconds);
  if (r.by_ulp.found()) {
    text += fmt::format("  largest error: {}\n", found(r.by_ulp, " ULP"));
    text += fmt::format("  of the terms that are added: {}\n", found(r.by_terms, " ULP"));
    text += fmt::format("  of the row's largest term: {:.2g} at {}\n", r.by_row.error,
                        place(r.by_row.at));
  }
  text += count_line(r.mismatches, "NaN or infinity mismatches");
  text += count_line(r.near_switch, "where a rounding turns a comparison");
  if (r.no_value > 0) text += fmt::format("  no exact value: {}\n", r.no_value);
  if (r.undecided > 0) text += fmt::format("  undecided rows: {}\n", r.undecided);
  if (request.contract) {
    text += fmt::format("  bound {}: {}\n", bound_text(*request.contract),
                        keeps(r) ? "kept" : "NOT KEPT");
    text += count_line(r.over, "over the bound");
  }
  return text;
}

Json report_json(const RowRequest& request, const RowReport& r) {
  const std::optional<RowContract>& contract = request.contract;
  return {{"name", request.of.label},
          {"dtype", dtype_name(request.of.dtype)},
          {"what", r.what},
          {"rows", r.rows},
          {"values", r.values},
          {"most_columns", r.most_columns},
          {"ulp", finding_json(r.by_ulp)},
          {"ulp_of_terms", finding_json(r.by_terms)},
          {"of_row", finding_json(r.by_row)},
          {"bound", contract ? Json(contract->bound) : Json(nullptr)},
          {"bound_is_of_row", contract && contract->of_row},
          {"ok", keeps(r)},
          {"over", count_json(r.over)},
          {"nan_or_infinity_mismatches", count_json(r.mismatches)},
          {"near_switch", count_json(r.near_switch)},
          {"no_value", r.no_value},
          {"undecided", r.undecided},
          {"seconds", r.seconds}};
}

}  // namespace actc::tools
