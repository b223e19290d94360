// LLVM's own pruning (llvm/Support/CachePruning.h) is not used: it ends the process where the
// folder is removed while it looks through it, and goes by the time of the last access, which most
// file systems no longer keep.
#include "jit/object_cache.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <memory>
#include <system_error>
#include <utility>
#include <vector>

#include "jit/llvm.h"

namespace actc::jit {
namespace {

constexpr std::string_view magic = "actckern";
constexpr std::uint32_t format_version = 1;

// What stands before facts and object; behind them stands the digest of all.
struct Header {
  char magic[8];
  std::uint32_t version;
  std::uint32_t facts_bytes;
  std::uint64_t object_bytes;
  Digest key;
};
static_assert(sizeof(Header) == 56);
constexpr std::size_t frame_bytes = sizeof(Header) + sizeof(Digest);

// The largest graph's object has some hundred kilobytes.
constexpr std::uint64_t max_file_bytes = std::uint64_t{32} << 20;

constexpr std::time_t hour = 3600;

// "<the key in hexadecimal>.kernel", and while it is written "<the key>.<process>-<number>".
constexpr std::size_t key_letters = 2 * sizeof(Digest);
constexpr std::string_view entry_suffix = ".kernel";
// Its time is that of the last pruning.
constexpr const char* pruned_name = "pruned";

class Descriptor {
 public:
  explicit Descriptor(int value) : value_(value) {}
  ~Descriptor() { close(); }
  Descriptor(Descriptor&& other) noexcept : value_(std::exchange(other.value_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(value_, other.value_);
    return *this;
  }
  int get() const { return value_; }
  explicit operator bool() const { return value_ >= 0; }
  bool close() { return value_ < 0 || ::close(std::exchange(value_, -1)) == 0; }

 private:
  int value_;
};

std::string reason(int error) { return std::generic_category().message(error); }

std::string unusable(const std::filesystem::path& directory, std::string_view why) {
  return fmt::format("the kernel cache {} is not used: {}", directory.string(), why);
}

struct Folder {
  Descriptor descriptor{-1};
  std::string problem = {};  // empty too where there is no such folder
};

// Checked each time: rights may change, and the folder be another, while the process runs.
Folder open_folder(const std::filesystem::path& directory) {
  Folder folder{Descriptor(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC))};
  if (!folder.descriptor) {
    if (errno != ENOENT) folder.problem = unusable(directory, reason(errno));
    return folder;
  }
  struct stat status{};
  if (::fstat(folder.descriptor.get(), &status) != 0) {
    folder.problem = unusable(directory, reason(errno));
  } else if (status.st_uid != ::geteuid()) {
    folder.problem = unusable(directory, "it belongs to another user");
  } else if ((status.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
    folder.problem = unusable(directory, "other users may write to it");
  }
  if (!folder.problem.empty()) folder.descriptor.close();
  return folder;
}

Folder make_folder(const std::filesystem::path& directory) {
  Folder folder = open_folder(directory);
  if (folder.descriptor || !folder.problem.empty()) return folder;
  std::error_code error;
  if (directory.has_parent_path()) {
    std::filesystem::create_directories(directory.parent_path(), error);
  }
  if (::mkdir(directory.c_str(), S_IRWXU) != 0 && errno != EEXIST) {
    folder.problem = unusable(directory, reason(errno));
    return folder;
  }
  folder = open_folder(directory);
  if (!folder.descriptor && folder.problem.empty()) {
    folder.problem = unusable(directory, "it was removed");
  }
  return folder;
}

std::string hexadecimal(const Digest& key) {
  std::string text;
  for (const std::uint8_t byte : key) text += fmt::format("{:02x}", byte);
  return text;
}

std::string entry_name(const Digest& key) { return hexadecimal(key) + std::string(entry_suffix); }

bool is_of_a_cache(std::string_view name) {
  return name.size() > key_letters + 1 && name[key_letters] == '.' &&
         name.substr(0, key_letters).find_first_not_of("0123456789abcdef") ==
             std::string_view::npos;
}

bool is_own_file(const struct stat& status) {
  return S_ISREG(status.st_mode) && status.st_uid == ::geteuid();
}

bool read_whole(int descriptor, std::string& bytes) {
  std::size_t done = 0;
  while (done < bytes.size()) {
    const ssize_t count = ::read(descriptor, bytes.data() + done, bytes.size() - done);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return false;
    done += static_cast<std::size_t>(count);
  }
  return true;
}

// 0, or the error.
int write_whole(int descriptor, std::string_view bytes) {
  // Past this limit a write raises a signal, which would end the process.
  rlimit limit{};
  if (::getrlimit(RLIMIT_FSIZE, &limit) == 0 && limit.rlim_cur < bytes.size()) return EFBIG;
  while (!bytes.empty()) {
    const ssize_t count = ::write(descriptor, bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return count == 0 ? EIO : errno;
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
  return 0;
}

struct File {
  std::string name;
  std::uint64_t bytes;
  timespec used;

  bool is_entry() const { return name.ends_with(entry_suffix); }
};

// The files of a cache that are this user's.
std::vector<File> files_in(int folder) {
  std::vector<File> files;
  const int again = ::openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (again < 0) return files;
  const std::unique_ptr<DIR, int (*)(DIR*)> listing(::fdopendir(again), ::closedir);
  if (!listing) {
    ::close(again);
    return files;
  }
  // NOLINTNEXTLINE(concurrency-mt-unsafe): the stream is this function's own
  while (const dirent* item = ::readdir(listing.get())) {
    struct stat status{};
    if (!is_of_a_cache(item->d_name) ||
        ::fstatat(folder, item->d_name, &status, AT_SYMLINK_NOFOLLOW) != 0 ||
        !is_own_file(status)) {
      continue;
    }
    files.push_back({item->d_name, static_cast<std::uint64_t>(status.st_size), status.st_mtim});
  }
  return files;
}

}  // namespace

Digest digest(std::string_view bytes) {
  llvm::BLAKE3 hasher;
  hasher.update(llvm::StringRef(bytes.data(), bytes.size()));
  Digest result;
  std::ranges::copy(hasher.final<sizeof(Digest)>(), result.begin());
  return result;
}

std::string to_file(const Digest& key, const CacheEntry& entry) {
  Header header{};
  std::ranges::copy(magic, header.magic);
  header.version = format_version;
  header.facts_bytes = static_cast<std::uint32_t>(entry.facts.size());
  header.object_bytes = entry.object.size();
  header.key = key;
  std::string bytes;
  bytes.reserve(frame_bytes + entry.facts.size() + entry.object.size());
  bytes.append(reinterpret_cast<const char*>(&header), sizeof header);
  bytes += entry.facts;
  bytes += entry.object;
  const Digest check = digest(bytes);
  bytes.append(reinterpret_cast<const char*>(check.data()), check.size());
  return bytes;
}

std::optional<CacheEntry> from_file(std::string_view bytes, const Digest& key) {
  if (bytes.size() < frame_bytes) return std::nullopt;
  Header header{};
  std::memcpy(&header, bytes.data(), sizeof header);
  const std::size_t content = bytes.size() - frame_bytes;
  if (!std::ranges::equal(header.magic, magic) || header.version != format_version ||
      header.key != key || header.facts_bytes > content ||
      header.object_bytes != content - header.facts_bytes) {
    return std::nullopt;
  }
  const std::size_t checked = bytes.size() - sizeof(Digest);
  const Digest check = digest(bytes.substr(0, checked));
  if (std::memcmp(check.data(), bytes.data() + checked, check.size()) != 0) return std::nullopt;
  bytes = bytes.substr(sizeof header, content);
  return CacheEntry{.facts = std::string(bytes.substr(0, header.facts_bytes)),
                    .object = std::string(bytes.substr(header.facts_bytes))};
}

ObjectCache::ObjectCache(std::filesystem::path directory, std::uint64_t max_bytes)
    : directory_(std::move(directory)), max_bytes_(max_bytes) {}

ObjectCache::Found ObjectCache::find(const Digest& key) const {
  const Folder folder = open_folder(directory_);
  if (!folder.descriptor) return {.entry = {}, .problem = folder.problem};
  // Not blocking: what stands there may be a pipe.
  const Descriptor file(::openat(folder.descriptor.get(), entry_name(key).c_str(),
                                 O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  if (!file) {
    if (errno == ENOENT) return {};
    return {.entry = {},
            .rejected = true,
            .problem = fmt::format("an entry of the kernel cache {} cannot be read: {}",
                                   directory_.string(), reason(errno))};
  }
  struct stat status{};
  if (::fstat(file.get(), &status) != 0 || !is_own_file(status)) {
    return {.entry = {},
            .rejected = true,
            .problem = fmt::format("an entry of the kernel cache {} is no file of this user's",
                                   directory_.string())};
  }
  Found found;
  const auto size = static_cast<std::uint64_t>(status.st_size);
  if ((status.st_mode & (S_IWGRP | S_IWOTH)) == 0 && size <= max_file_bytes) {
    std::string bytes(size, '\0');
    if (read_whole(file.get(), bytes)) found.entry = from_file(bytes, key);
  }
  found.rejected = !found.entry;
  // So that pruning knows it; not each time, which would write to the disk.
  if (found.entry && std::time(nullptr) - status.st_mtime > hour) ::futimens(file.get(), nullptr);
  return found;
}

std::string ObjectCache::store(const Digest& key, const CacheEntry& entry) {
  const std::string bytes = to_file(key, entry);
  if (bytes.size() > std::min(max_file_bytes, max_bytes_)) {
    return fmt::format("a kernel of {} bytes is too large for the kernel cache {}", bytes.size(),
                       directory_.string());
  }
  const Folder folder = make_folder(directory_);
  if (!folder.descriptor) return folder.problem;
  const int at = folder.descriptor.get();
  const std::string name = entry_name(key);
  struct stat status{};
  if (::fstatat(at, name.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0 && !is_own_file(status)) {
    return fmt::format("an entry of the kernel cache {} is no file of this user's",
                       directory_.string());
  }
  const auto failed = [&](int error) {
    return fmt::format("the kernel cache {} cannot be written: {}", directory_.string(),
                       reason(error));
  };
  std::string temporary;
  Descriptor file(-1);
  // A process of the same number may have left such a file.
  for (int attempt = 0; !file; ++attempt) {
    temporary = fmt::format("{}.{}-{}", hexadecimal(key), ::getpid(), next_temporary_++);
    file = Descriptor(::openat(at, temporary.c_str(),
                               O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
                               S_IRUSR | S_IWUSR));
    if (!file && (errno != EEXIST || attempt == 100)) return failed(errno);
  }
  int error = write_whole(file.get(), bytes);
  if (!file.close() && error == 0) error = errno;
  if (error == 0 && ::renameat(at, temporary.c_str(), at, name.c_str()) != 0) error = errno;
  if (error != 0) {
    ::unlinkat(at, temporary.c_str(), 0);
    return failed(error);
  }
  stored_since_pruning_ += bytes.size();
  prune(at);
  return {};
}

void ObjectCache::prune(int folder) {
  const std::time_t now = std::time(nullptr);
  struct stat status{};
  if (stored_since_pruning_ < max_bytes_ / 8 && ::fstatat(folder, pruned_name, &status, 0) == 0 &&
      now - status.st_mtime < hour) {
    return;
  }
  stored_since_pruning_ = 0;
  const Descriptor mark(::openat(folder, pruned_name,
                                 O_WRONLY | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC,
                                 S_IRUSR | S_IWUSR));
  if (mark) ::futimens(mark.get(), nullptr);
  std::vector<File> files = files_in(folder);
  std::uint64_t total = 0;
  for (const File& file : files) {
    // An entry in the making is one for less than this.
    if (!file.is_entry() && now - file.used.tv_sec > hour) ::unlinkat(folder, file.name.c_str(), 0);
    total += file.bytes;
  }
  if (total <= max_bytes_) return;
  // Further than need be, so that the next entry is not one too many again.
  std::ranges::sort(
      files, {}, [](const File& file) { return std::pair(file.used.tv_sec, file.used.tv_nsec); });
  for (const File& file : files) {
    if (total <= max_bytes_ - max_bytes_ / 4) break;
    if (file.is_entry() && ::unlinkat(folder, file.name.c_str(), 0) == 0) total -= file.bytes;
  }
}

ObjectCache::Contents ObjectCache::contents() const {
  const Folder folder = open_folder(directory_);
  Contents contents{.problem = folder.problem};
  if (!folder.descriptor) return contents;
  for (const File& file : files_in(folder.descriptor.get())) {
    if (file.is_entry()) ++contents.entries;
    contents.bytes += file.bytes;
  }
  return contents;
}

ObjectCache::Contents ObjectCache::clear() {
  const Folder folder = open_folder(directory_);
  Contents removed{.problem = folder.problem};
  if (!folder.descriptor) return removed;
  for (const File& file : files_in(folder.descriptor.get())) {
    if (::unlinkat(folder.descriptor.get(), file.name.c_str(), 0) != 0) {
      removed.problem = fmt::format("an entry of the kernel cache {} cannot be removed: {}",
                                    directory_.string(), reason(errno));
      continue;
    }
    if (file.is_entry()) ++removed.entries;
    removed.bytes += file.bytes;
  }
  ::unlinkat(folder.descriptor.get(), pruned_name, 0);
  return removed;
}

}  // namespace actc::jit
