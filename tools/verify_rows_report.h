// A report over rows, as text and as JSON.
#pragma once

#include <string>

#include "tools/json.h"
#include "tools/verify_rows.h"

namespace actc::tools {

std::string report_text(const RowRequest& request, const RowReport& report);
Json report_json(const RowRequest& request, const RowReport& report);

}  // namespace actc::tools
