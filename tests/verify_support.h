// `actc verify`, run as a shell does.
#pragma once

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "tests/run_program.h"

namespace actc::testing {

inline ProgramResult verify(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), "verify");
  return run_program(ACTC_PROGRAM, std::move(arguments));
}

// What it prints with --json: an object, or an array of several.
inline nlohmann::json report(std::vector<std::string> arguments, int exit_code = 0) {
  arguments.push_back("--json");
  const ProgramResult result = verify(std::move(arguments));
  EXPECT_EQ(result.exit_code, exit_code) << result.output << result.errors;
  return nlohmann::json::parse(result.output);
}

}  // namespace actc::testing
