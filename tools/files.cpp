// Reading and writing with plain POSIX calls: streams say neither why a file failed nor when its
// bytes have reached the disk.
#include "tools/files.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <utility>

#include "tools/errors.h"

namespace actc::tools {
namespace {

// One call transfers at most about 2 GiB on Linux; smaller steps cost nothing.
constexpr std::size_t largest_step = std::size_t{1} << 26;

ToolError failure(std::string_view what, const std::string& path, int error) {
  return bad_file(fmt::format("cannot {} {}: {}", what, path, std::strerror(error)));
}

// The rights that a newly made file would get. There is no way to ask without setting.
mode_t new_file_mode() {
  const mode_t mask = ::umask(0);
  ::umask(mask);
  return 0666 & ~mask;
}

std::string follow_links(const std::string& path) {
  std::error_code ignored;  // what does not exist yet cannot be followed
  const auto target = std::filesystem::weakly_canonical(std::filesystem::absolute(path), ignored);
  return ignored || target.empty() ? path : target.string();
}

}  // namespace

InputFile::InputFile(const std::string& path) : path_(path) {
  descriptor_ = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor_ < 0) throw failure("read", path, errno);
}

InputFile::~InputFile() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

std::uint64_t InputFile::size() const {
  struct stat status{};
  if (::fstat(descriptor_, &status) != 0) throw failure("read", path_, errno);
  if (S_ISDIR(status.st_mode)) throw failure("read", path_, EISDIR);
  if (!S_ISREG(status.st_mode)) {
    throw bad_file(fmt::format("cannot read {}: it is not a regular file", path_));
  }
  return static_cast<std::uint64_t>(status.st_size);
}

std::size_t InputFile::read(void* to, std::size_t bytes) {
  std::size_t done = 0;
  while (done < bytes) {
    const std::size_t step = std::min(bytes - done, largest_step);
    const ssize_t count = ::read(descriptor_, static_cast<char*>(to) + done, step);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) throw failure("read", path_, errno);
    if (count == 0) break;
    done += static_cast<std::size_t>(count);
  }
  return done;
}

void InputFile::seek(std::uint64_t offset) {
  if (::lseek(descriptor_, static_cast<off_t>(offset), SEEK_SET) < 0) {
    throw failure("read", path_, errno);
  }
}

std::string read_file(const std::string& path, std::size_t limit) {
  InputFile file(path);
  std::string text(limit, '\0');
  text.resize(file.read(text.data(), limit));
  return text;
}

OutputFile::OutputFile(const std::string& path) : path_(path), target_(follow_links(path)) {
  struct stat status{};
  const bool exists = ::stat(target_.c_str(), &status) == 0;
  if (exists && S_ISDIR(status.st_mode)) throw failure("write", path, EISDIR);
  if (exists && !S_ISREG(status.st_mode)) {
    descriptor_ = ::open(path.c_str(), O_WRONLY | O_CLOEXEC);
    if (descriptor_ < 0) throw failure("write", path, errno);
    return;
  }
  // A file that must not be written must not be replaced either.
  if (exists && ::access(target_.c_str(), W_OK) != 0) throw failure("write", path, errno);
  const std::filesystem::path place(target_);
  // A short name of its own: the file's may be as long as the system allows.
  std::string name = (place.parent_path() / ".actc-XXXXXX").string();
  descriptor_ = ::mkostemp(name.data(), O_CLOEXEC);
  if (descriptor_ < 0) throw failure("write", path, errno);
  temporary_ = name;
  // A file replaced keeps its rights.
  ::fchmod(descriptor_, exists ? status.st_mode & 07777 : new_file_mode());
}

OutputFile::~OutputFile() {
  if (descriptor_ >= 0) ::close(descriptor_);
  if (!temporary_.empty()) ::unlink(temporary_.c_str());
}

void OutputFile::write(const void* from, std::size_t bytes) {
  std::size_t done = 0;
  while (done < bytes) {
    const std::size_t step = std::min(bytes - done, largest_step);
    const ssize_t count = ::write(descriptor_, static_cast<const char*>(from) + done, step);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) throw failure("write", path_, errno);
    done += static_cast<std::size_t>(count);
  }
}

void OutputFile::commit() {
  if (!temporary_.empty() && ::fsync(descriptor_) != 0) throw failure("write", path_, errno);
  const int descriptor = std::exchange(descriptor_, -1);
  if (::close(descriptor) != 0) throw failure("write", path_, errno);
  if (temporary_.empty()) return;
  if (::rename(temporary_.c_str(), target_.c_str()) != 0) throw failure("write", path_, errno);
  temporary_.clear();
}

}  // namespace actc::tools
