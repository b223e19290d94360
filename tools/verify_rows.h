// What `actc verify` finds of a definition over a row, in one number format: of its value, or of
// the gradients of its inputs for a random dy.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tools/verify.h"

namespace actc::tools {

// What the errors may be. An error is measured in units of the last place of the size of the terms
// that were added (tools/oracle_rows_terms.h), which is that of the result where none cancel; or,
// with `of_row`, relative to the largest of these sizes in the row.
struct RowContract {
  double bound = 0;
  bool of_row = false;
};

// In binary32 4 ULP of the terms, in 16 bits 1; in binary64 1e-13 of the row's largest term. A
// user's definition has none but what `--bound` gives it, in ULP of the terms.
std::optional<RowContract> row_contract_of(const VerifyRequest& request);

struct RowRequest {
  VerifyRequest of;  // `gradient` says which; its `variable` and `contract` are not used
  std::optional<std::size_t> columns;  // of all rows
  std::optional<RowContract> contract;
};

struct RowPlace {
  std::string_view kind;
  std::size_t seed = 0;
  std::size_t columns = 0;
  std::size_t column = 0;
};

struct RowFinding {
  RowPlace at = {};
  double result = 0;
  double exact = 0;
  double error = -1;  // below 0: none was found
  bool found() const { return error >= 0; }
};

struct RowCount {
  std::uint64_t count = 0;
  RowFinding first = {};
};

struct RowReport {
  std::string what;  // "forward", "gradient", "gradient by x"
  std::uint64_t rows = 0;
  std::uint64_t values = 0;  // that were judged
  std::size_t most_columns = 0;
  RowFinding by_ulp = {};      // the largest error in ULP of the exact result
  RowFinding by_terms = {};    // in ULP of its terms
  RowFinding by_row = {};      // relative to the largest term of the row
  RowCount over = {};          // beyond the contract
  RowCount mismatches = {};    // NaN or an infinity where there is a number, or the other way round
  RowCount near_switch = {};   // beyond the contract in a row where rounding may turn a comparison
  std::uint64_t no_value = 0;  // infinite elements of which the formula makes NaN
  std::uint64_t undecided = 0;  // rows
  double seconds = 0;
};

// A report for the value, or one for the gradient of each input.
std::vector<RowReport> verify_rows(const RowRequest& request);

// Nothing over, no mismatch?
bool keeps(const RowReport& report);

}  // namespace actc::tools
