// Why a command ends without its result. Each type is one exit code; `main` does the rest.
#pragma once

#include <stdexcept>
#include <string>
#include <utility>

namespace actc::tools {

enum ExitCode : int {
  exit_good = 0,
  exit_bad_content = 1,  // the formula or the data is wrong
  exit_bad_usage = 2,    // the command line is wrong
  exit_bad_file = 3,     // a file cannot be read or written
};

class ToolError : public std::runtime_error {
 public:
  ToolError(ExitCode code, const std::string& message, std::string suggestion = {})
      : std::runtime_error(message), code_(code), suggestion_(std::move(suggestion)) {}
  ExitCode code() const noexcept { return code_; }
  const std::string& suggestion() const noexcept { return suggestion_; }

 private:
  ExitCode code_;
  std::string suggestion_;  // what to do; may be empty
};

// The data of a file is not what it must be.
inline ToolError bad_content(const std::string& message, std::string suggestion = {}) {
  return {exit_bad_content, message, std::move(suggestion)};
}
inline ToolError bad_usage(const std::string& message, std::string suggestion = {}) {
  return {exit_bad_usage, message, std::move(suggestion)};
}
inline ToolError bad_file(const std::string& message, std::string suggestion = {}) {
  return {exit_bad_file, message, std::move(suggestion)};
}

}  // namespace actc::tools
