// The files of the kernel cache: what is stored is found, and nothing else is.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <csignal>
#include <cstring>
#include <functional>

#include "jit/object_cache.h"
#include "tests/run_program.h"

namespace actc::jit {
namespace {

namespace fs = std::filesystem;
using actc::testing::file_content;
using actc::testing::TemporaryFolder;
using actc::testing::write_file;

constexpr std::uint64_t megabyte = 1 << 20;
constexpr uid_t another_user = 65534;

CacheEntry entry_of(char letter, std::size_t bytes = 200) {
  return {.facts = std::string("facts"), .object = std::string(bytes, letter)};
}

// Where the entry of a key lies: the only file with its name's beginning.
fs::path file_of(const ObjectCache& cache, const Digest& key) {
  std::string name;
  for (const std::uint8_t byte : key) {
    constexpr const char* digits = "0123456789abcdef";
    name += digits[byte / 16];
    name += digits[byte % 16];
  }
  return cache.directory() / (name + ".kernel");
}

void expect_found(const ObjectCache& cache, const Digest& key, const CacheEntry& entry) {
  const ObjectCache::Found found = cache.find(key);
  ASSERT_TRUE(found.entry);
  EXPECT_EQ(found.entry->facts, entry.facts);
  EXPECT_EQ(found.entry->object, entry.object);
  EXPECT_FALSE(found.rejected);
  EXPECT_EQ(found.problem, "");
}

std::size_t files_in(const fs::path& directory) {
  return static_cast<std::size_t>(
      std::distance(fs::directory_iterator(directory), fs::directory_iterator()));
}

void set_age(const fs::path& file, std::chrono::minutes age) {
  fs::last_write_time(file, fs::file_time_type::clock::now() - age);
}

// Runs in a process of its own, which ends well where the work returns true: 0; else 1, or 128 and
// the signal.
int in_a_child(const std::function<bool()>& work) {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(work() ? 0 : 1);
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

// Bytes with a digest that fits them, whatever they are.
std::string sealed(std::string bytes) {
  bytes.resize(bytes.size() - sizeof(Digest));
  const Digest check = digest(bytes);
  return bytes.append(reinterpret_cast<const char*>(check.data()), check.size());
}

class CacheFolder : public ::testing::Test {
 protected:
  TemporaryFolder folder_;
  ObjectCache cache_{folder_ / "made/kernels", megabyte};
  Digest key_ = digest("a key");
  CacheEntry entry_ = entry_of('x');
};

TEST_F(CacheFolder, FindsWhatAnotherProcessStored) {
  EXPECT_FALSE(cache_.find(key_).entry);
  EXPECT_EQ(cache_.find(key_).problem, "") << "there is no folder yet: nothing is wrong";
  EXPECT_EQ(in_a_child([&] { return cache_.store(key_, entry_).empty(); }), 0);
  expect_found(cache_, key_, entry_);
  EXPECT_FALSE(cache_.find(digest("another key")).rejected);
}

TEST_F(CacheFolder, IsThisUsersAlone) {
  ASSERT_EQ(cache_.store(key_, entry_), "");
  struct stat status{};
  ASSERT_EQ(::stat(cache_.directory().c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777, 0700u);
  ASSERT_EQ(::stat(file_of(cache_, key_).c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777, 0600u);
}

TEST_F(CacheFolder, ThatOthersMayWriteToIsNotUsed) {
  ASSERT_EQ(cache_.store(key_, entry_), "");
  for (const mode_t mode : {0770, 0707}) {
    ASSERT_EQ(::chmod(cache_.directory().c_str(), mode), 0);
    EXPECT_FALSE(cache_.find(key_).entry);
    EXPECT_NE(cache_.find(key_).problem.find("other users may write"), std::string::npos);
    EXPECT_NE(cache_.store(digest("new"), entry_), "");
  }
  ASSERT_EQ(::chmod(cache_.directory().c_str(), 0755), 0);
  expect_found(cache_, key_, entry_);
}

TEST_F(CacheFolder, OfAnotherUserIsNotUsed) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root gives folders away";
  ASSERT_EQ(cache_.store(key_, entry_), "");
  ASSERT_EQ(::chown(cache_.directory().c_str(), another_user, another_user), 0);
  EXPECT_FALSE(cache_.find(key_).entry);
  EXPECT_NE(cache_.find(key_).problem.find("another user"), std::string::npos);
  EXPECT_NE(cache_.store(digest("new"), entry_), "");
}

TEST_F(CacheFolder, ThatCannotBeMadeIsAProblemAndNoMore) {
  write_file(folder_ / "file", "");
  for (const std::string& place : {folder_ / "file", folder_ / "file/kernels", std::string()}) {
    ObjectCache cache(place, megabyte);
    EXPECT_FALSE(cache.find(key_).entry);
    EXPECT_NE(cache.store(key_, entry_), "");
    EXPECT_EQ(cache.contents().entries, 0u);
    EXPECT_EQ(cache.clear().entries, 0u);
  }
}

TEST_F(CacheFolder, ThatIsReadOnlyIsReadOnly) {
  ASSERT_EQ(cache_.store(key_, entry_), "");
  const std::string file = file_of(cache_, key_);
  const bool root = ::geteuid() == 0;
  const fs::path directory = cache_.directory();
  // Root writes where nobody may.
  if (root) {
    for (const fs::path& p :
         {fs::path(folder_.path()), directory.parent_path(), directory, fs::path(file)}) {
      ASSERT_EQ(::chown(p.c_str(), another_user, another_user), 0);
    }
  }
  ASSERT_EQ(::chmod(directory.c_str(), 0500), 0);
  EXPECT_EQ(in_a_child([&] {
              if (root && ::seteuid(another_user) != 0) return false;
              return cache_.find(key_).entry.has_value() &&
                     cache_.store(digest("new"), entry_).find("cannot be written") !=
                         std::string::npos;
            }),
            0);
  ASSERT_EQ(::chmod(directory.c_str(), 0700), 0);
}

TEST_F(CacheFolder, OnAFullDiskKeepsWhatItHas) {
  const fs::path disk = folder_ / "disk";
  fs::create_directory(disk);
  const int result = in_a_child([&] {
    if (::unshare(CLONE_NEWNS | (::geteuid() == 0 ? 0 : CLONE_NEWUSER)) != 0 ||
        ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
        ::mount("none", disk.c_str(), "tmpfs", 0, "size=64k") != 0) {
      ::_exit(77);
    }
    ObjectCache cache(disk / "kernels", megabyte);
    std::string problem;
    std::uint64_t stored = 0;
    while (problem.empty() && stored < 100) {
      problem = cache.store(digest(std::to_string(stored)), entry_of('x', 5000));
      if (problem.empty()) ++stored;
    }
    bool good = stored > 0 && stored < 100 && problem.find("No space left") != std::string::npos &&
                cache.contents().entries == stored && files_in(cache.directory()) == stored + 1;
    for (std::uint64_t k = 0; k < stored; ++k) {
      good = good && cache.find(digest(std::to_string(k))).entry.has_value();
    }
    return good;
  });
  if (result == 77) GTEST_SKIP() << "no disk can be mounted here";
  EXPECT_EQ(result, 0);
}

TEST_F(CacheFolder, InAProcessThatMayWriteNoFilesIsAProblemAndNoSignal) {
  ASSERT_EQ(cache_.store(key_, entry_), "");
  const std::size_t files = files_in(cache_.directory());
  EXPECT_EQ(in_a_child([&] {
              const rlimit limit{1000, 1000};
              if (::setrlimit(RLIMIT_FSIZE, &limit) != 0) return false;
              return !cache_.store(digest("new"), entry_of('x', 5000)).empty() &&
                     cache_.find(key_).entry.has_value();
            }),
            0);
  EXPECT_EQ(files_in(cache_.directory()), files);
}

TEST(CacheFile, OfAnyOtherLengthIsRejected) {
  const Digest key = digest("a key");
  const std::string bytes = to_file(key, entry_of('x'));
  ASSERT_TRUE(from_file(bytes, key));
  for (std::size_t length = 0; length < bytes.size(); ++length) {
    EXPECT_FALSE(from_file(bytes.substr(0, length), key)) << length;
    EXPECT_FALSE(from_file(bytes.substr(length + 1), key)) << length;
  }
  EXPECT_FALSE(from_file(bytes + '\0', key));
  EXPECT_FALSE(from_file(bytes + bytes, key));
}

TEST(CacheFile, WithAnyBitChangedIsRejected) {
  const Digest key = digest("a key");
  std::string bytes = to_file(key, entry_of('x'));
  for (std::size_t k = 0; k < 8 * bytes.size(); ++k) {
    const auto bit = static_cast<char>(1 << (k % 8));
    bytes[k / 8] ^= bit;
    EXPECT_FALSE(from_file(bytes, key)) << k;
    bytes[k / 8] ^= bit;
  }
  EXPECT_TRUE(from_file(bytes, key));
}

TEST(CacheFile, IsReadWithinItsBoundsWhateverItsLengthsSay) {
  const Digest key = digest("a key");
  const std::string bytes = to_file(key, entry_of('x'));
  constexpr std::size_t facts_length = 12, object_length = 16;
  EXPECT_TRUE(from_file(sealed(bytes), key));
  for (const std::uint64_t length : {0ULL, 1ULL, 4ULL, 6ULL, 199ULL, 201ULL, 205ULL, 1ULL << 31,
                                     0xffffffffULL, 1ULL << 63, ~0ULL, ~0ULL - 4, ~0ULL - 255}) {
    std::string other = bytes;
    std::memcpy(other.data() + facts_length, &length, 4);
    EXPECT_FALSE(from_file(sealed(other), key)) << length;
    other = bytes;
    std::memcpy(other.data() + object_length, &length, 8);
    EXPECT_FALSE(from_file(sealed(other), key)) << length;
    // The two wrong together, and their sum right but for the overflow.
    const std::uint64_t rest = 205 - length;
    std::memcpy(other.data() + facts_length, &rest, 4);
    const auto found = from_file(sealed(other), key);
    if (found) {
      EXPECT_EQ(found->facts.size() + found->object.size(), 205u) << length;
    }
  }
}

TEST_F(CacheFolder, HasNoEntryThatIsAnothers) {
  const Digest other = digest("another key");
  ASSERT_EQ(cache_.store(key_, entry_), "");
  ASSERT_EQ(cache_.store(other, entry_of('y')), "");
  fs::rename(file_of(cache_, key_), folder_ / "kept");
  fs::rename(file_of(cache_, other), file_of(cache_, key_));
  fs::rename(folder_ / "kept", file_of(cache_, other));
  for (const Digest& key : {key_, other}) {
    const ObjectCache::Found found = cache_.find(key);
    EXPECT_FALSE(found.entry);
    EXPECT_TRUE(found.rejected);
    EXPECT_EQ(found.problem, "");
    ASSERT_EQ(cache_.store(key, entry_), "") << "what is damaged is replaced";
    expect_found(cache_, key, entry_);
  }
}

TEST_F(CacheFolder, DoesNotTrustAFileThatOthersMayWriteTo) {
  ASSERT_EQ(cache_.store(key_, entry_), "");
  ASSERT_EQ(::chmod(file_of(cache_, key_).c_str(), 0620), 0);
  EXPECT_FALSE(cache_.find(key_).entry);
  EXPECT_TRUE(cache_.find(key_).rejected);
  ASSERT_EQ(cache_.store(key_, entry_), "");
  expect_found(cache_, key_, entry_);
}

TEST_F(CacheFolder, LeavesAFileOfAnotherUserAlone) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root gives files away";
  ASSERT_EQ(cache_.store(key_, entry_), "");
  const std::string file = file_of(cache_, key_);
  const std::string content = file_content(file);
  ASSERT_EQ(::chown(file.c_str(), another_user, another_user), 0);
  EXPECT_FALSE(cache_.find(key_).entry);
  EXPECT_TRUE(cache_.find(key_).rejected);
  EXPECT_NE(cache_.find(key_).problem, "");
  EXPECT_NE(cache_.store(key_, entry_of('y')), "");
  EXPECT_EQ(cache_.clear().entries, 0u);
  EXPECT_EQ(file_content(file), content);
}

TEST_F(CacheFolder, LeavesWhatIsNoFileAlone) {
  ASSERT_EQ(cache_.store(key_, entry_), "");
  const fs::path place = file_of(cache_, key_);
  const std::string target = folder_ / "target";
  fs::rename(place, target);
  const std::string content = file_content(target);
  const std::function<void()> kinds[] = {
      [&] { fs::create_symlink(target, place); },
      [&] { fs::create_symlink("/dev/full", place); },
      [&] { fs::create_symlink(place, place); },
      [&] { fs::create_directory(place); },
      [&] { ASSERT_EQ(::mkfifo(place.c_str(), 0600), 0); },
  };
  for (const auto& make : kinds) {
    make();
    const auto type = fs::symlink_status(place).type();
    EXPECT_FALSE(cache_.find(key_).entry);
    EXPECT_TRUE(cache_.find(key_).rejected);
    EXPECT_NE(cache_.store(key_, entry_of('y')), "");
    EXPECT_EQ(fs::symlink_status(place).type(), type);
    EXPECT_EQ(file_content(target), content);
    fs::remove(place);
  }
  ASSERT_EQ(cache_.store(key_, entry_), "");
  expect_found(cache_, key_, entry_);
}

TEST_F(CacheFolder, RejectsAFileTooLargeToBeAnEntry) {
  ASSERT_EQ(cache_.store(key_, entry_), "");
  fs::resize_file(file_of(cache_, key_), std::uintmax_t{1} << 40);
  EXPECT_FALSE(cache_.find(key_).entry);
  ASSERT_EQ(cache_.store(key_, entry_), "");
  expect_found(cache_, key_, entry_);
  EXPECT_NE(cache_.store(key_, entry_of('x', 2 * megabyte)), "") << "larger than the cache may be";
}

TEST_F(CacheFolder, StaysBelowItsLimit) {
  ObjectCache cache(folder_ / "kernels", 100'000);
  for (int k = 0; k < 50; ++k) {
    const Digest key = digest(std::to_string(k));
    ASSERT_EQ(cache.store(key, entry_of('x', 10'000)), "");
    EXPECT_LE(cache.contents().bytes, 100'000 + 100'000 / 8);
    if (k % 7 == 0) set_age(file_of(cache, key), std::chrono::minutes(50 - k));
  }
  EXPECT_GE(cache.contents().entries, 5u);
  EXPECT_TRUE(cache.find(digest("49")).entry) << "the newest stays";
}

TEST_F(CacheFolder, DropsWhatWasUsedLongestAgo) {
  ObjectCache cache(folder_ / "kernels", 100'000);
  const auto key = [](int k) { return digest(std::to_string(k)); };
  for (int k = 0; k < 9; ++k) {
    ASSERT_EQ(cache.store(key(k), entry_of('x', 10'000)), "");
    set_age(file_of(cache, key(k)), std::chrono::hours(20 - k));
  }
  EXPECT_TRUE(cache.find(key(0)).entry) << "used now";
  for (int k = 9; k < 11; ++k) ASSERT_EQ(cache.store(key(k), entry_of('x', 10'000)), "");
  EXPECT_TRUE(cache.find(key(0)).entry);
  EXPECT_FALSE(cache.find(key(1)).entry);
  EXPECT_FALSE(cache.find(key(2)).entry);
  EXPECT_TRUE(cache.find(key(10)).entry);
}

TEST_F(CacheFolder, IsClearedOfItsOwnFilesAlone) {
  ASSERT_EQ(cache_.store(key_, entry_), "");
  ASSERT_EQ(cache_.store(digest("another"), entry_), "");
  const fs::path mine = cache_.directory() / "mine.kernel";
  write_file(mine, "not of the cache");
  // What a process that was killed leaves behind.
  const std::string left = file_of(cache_, key_).replace_extension(".7-0").string();
  write_file(left, "half an entry");
  EXPECT_EQ(cache_.contents().entries, 2u);
  const ObjectCache::Contents removed = cache_.clear();
  EXPECT_EQ(removed.entries, 2u);
  EXPECT_EQ(removed.problem, "");
  EXPECT_EQ(cache_.contents().bytes, 0u);
  EXPECT_EQ(files_in(cache_.directory()), 1u);
  EXPECT_TRUE(fs::exists(mine));
}

TEST_F(CacheFolder, LosesWhatAKilledProcessLeftAfterAnHour) {
  ASSERT_EQ(cache_.store(key_, entry_), "");
  const fs::path left = file_of(cache_, key_).replace_extension(".7-0");
  const fs::path fresh = file_of(cache_, key_).replace_extension(".8-0");
  write_file(left, "half an entry");
  write_file(fresh, "half an entry");
  set_age(left, std::chrono::minutes(61));
  set_age(cache_.directory() / "pruned", std::chrono::minutes(61));
  ASSERT_EQ(cache_.store(digest("another"), entry_), "");
  EXPECT_FALSE(fs::exists(left));
  EXPECT_TRUE(fs::exists(fresh));
}

TEST_F(CacheFolder, IsWrittenByManyProcessesAtOnce) {
  constexpr int processes = 8, keys = 20;
  std::vector<pid_t> children;
  for (int p = 0; p < processes; ++p) {
    children.push_back(::fork());
    if (children.back() != 0) continue;
    bool good = true;
    for (int round = 0; round < 5; ++round) {
      for (int k = 0; k < keys; ++k) {
        const Digest key = digest(std::to_string(k));
        good = good && cache_.store(key, entry_of(static_cast<char>('a' + k), 20'000)).empty();
        const auto found = cache_.find(key);
        good = good && found.entry && found.entry->object[19'999] == 'a' + k;
      }
    }
    ::_exit(good ? 0 : 1);
  }
  for (const pid_t child : children) {
    int status = 0;
    ::waitpid(child, &status, 0);
    EXPECT_EQ(status, 0);
  }
  EXPECT_EQ(cache_.contents().entries, static_cast<std::uint64_t>(keys));
  EXPECT_EQ(files_in(cache_.directory()), keys + 1u) << "entries, and the time of the last pruning";
}

}  // namespace
}  // namespace actc::jit
