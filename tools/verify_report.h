// A report of `verify` for people and for programs.
#pragma once

#include <string>

#include "tools/json.h"
#include "tools/verify.h"

namespace actc::tools {

// One line.
std::string report_line(const VerifyRequest& request, const VerifyReport& report);
std::string report_text(const VerifyRequest& request, const VerifyReport& report);
Json report_json(const VerifyRequest& request, const VerifyReport& report);

}  // namespace actc::tools
