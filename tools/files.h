// Files: read whole, and written so that a failure leaves no half of one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace actc::tools {

// An open file for reading. All errors are ToolErrors of exit_bad_file that name the file.
class InputFile {
 public:
  explicit InputFile(const std::string& path);
  ~InputFile();
  InputFile(const InputFile&) = delete;
  InputFile& operator=(const InputFile&) = delete;

  // The size of a regular file; for anything else (a pipe, a directory) an error.
  std::uint64_t size() const;
  // Reads until `bytes` are there or the file ends, and returns how many came.
  std::size_t read(void* to, std::size_t bytes);
  void seek(std::uint64_t offset);

 private:
  std::string path_;
  int descriptor_ = -1;
};

// The first `limit` bytes of a file, or all of it where it is shorter.
std::string read_file(const std::string& path, std::size_t limit);

// A file in the making: written beside its place and renamed into it by `commit`, once its bytes
// are on the disk. Without `commit` nothing is left and a former file stays as it was. A place that
// is no regular file (/dev/stdout, a pipe) is written directly.
class OutputFile {
 public:
  explicit OutputFile(const std::string& path);
  ~OutputFile();
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;

  void write(const void* from, std::size_t bytes);
  void write(std::string_view text) { write(text.data(), text.size()); }
  void commit();
  // Where the bytes will be, links followed: two outputs to one place are a mistake.
  const std::string& target() const { return target_; }

 private:
  std::string path_;       // as the user wrote it
  std::string target_;     // links followed
  std::string temporary_;  // empty: written directly, or committed
  int descriptor_ = -1;
};

}  // namespace actc::tools
