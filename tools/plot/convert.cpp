// rsvg-convert gets and gives files without names: a pipe on either side could wait for the other.
#include "tools/plot/convert.h"

#include <fmt/format.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string_view>

#include "tools/errors.h"

extern char** environ;

namespace actc::tools::plot {
namespace {

class MemoryFile {
 public:
  explicit MemoryFile(const char* name) : descriptor_(::memfd_create(name, MFD_CLOEXEC)) {
    if (descriptor_ < 0) throw bad_file(fmt::format("no room for a picture: {}", reason()));
  }
  ~MemoryFile() { ::close(descriptor_); }
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;

  int descriptor() const { return descriptor_; }
  void fill(std::string_view text) const {
    while (!text.empty()) {
      const ssize_t written = ::write(descriptor_, text.data(), text.size());
      if (written < 0 && errno == EINTR) continue;
      if (written < 0) throw bad_file(fmt::format("no room for a picture: {}", reason()));
      text.remove_prefix(static_cast<std::size_t>(written));
    }
    ::lseek(descriptor_, 0, SEEK_SET);
  }
  std::string content() const {
    ::lseek(descriptor_, 0, SEEK_SET);
    std::string all;
    char part[4096];
    for (;;) {
      const ssize_t got = ::read(descriptor_, part, sizeof part);
      if (got < 0 && errno == EINTR) continue;
      if (got <= 0) return all;
      all.append(part, static_cast<std::size_t>(got));
    }
  }

 private:
  static std::string reason() { return std::strerror(errno); }
  int descriptor_;
};

}  // namespace

std::string converted(const std::string& svg, Format format, double scale) {
  const MemoryFile input("actc-svg"), output("actc-picture"), errors("actc-errors");
  input.fill(svg);
  std::string program = "rsvg-convert";
  std::string form = format == Format::png ? "--format=png" : "--format=pdf";
  std::string zoom = fmt::format("--zoom={}", format == Format::png ? scale : 1.0);
  char* arguments[] = {program.data(), form.data(), zoom.data(), nullptr};
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, input.descriptor(), STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&actions, output.descriptor(), STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, errors.descriptor(), STDERR_FILENO);
  pid_t child = 0;
  const int failure =
      ::posix_spawnp(&child, program.c_str(), &actions, nullptr, arguments, environ);
  posix_spawn_file_actions_destroy(&actions);
  int status = 0;
  if (failure == 0) {
    while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
  }
  if (failure != 0 || (WIFEXITED(status) && WEXITSTATUS(status) == 127)) {
    throw bad_file("rsvg-convert, which makes PNG and PDF, cannot be started",
                   "install Debian's package librsvg2-bin, or write to a file named .svg");
  }
  std::string picture = output.content();
  const std::string_view begin = format == Format::png ? "\x89PNG" : "%PDF";
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0 || !picture.starts_with(begin)) {
    std::string said = errors.content();
    while (!said.empty() && said.back() == '\n') said.pop_back();
    throw bad_file(fmt::format("rsvg-convert made no picture{}{}", said.empty() ? "" : ": ", said),
                   "write to a file named .svg");
  }
  return picture;
}

}  // namespace actc::tools::plot
