// Compiled kernels in a folder, where later calls and other processes find them.
//
//   actc::KernelCache cache({.directory = "/home/me/.cache/engine/kernels"});
//   auto k = actc::builtin("gelu").kernel<float>({.cache = cache});
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string_view>

#include "half.h"  // beside this file, here as where it is installed

namespace actc {

namespace detail {
struct CacheState;
}

struct CacheOptions {
  /// Made where there is none, for this user alone. A folder that belongs to another user, or that
  /// others may write to, is not used: what lies in it is code that will run.
  std::filesystem::path directory;
  /// Entries that were used longest ago go first. A kernel takes some 10 to 20 kB.
  std::uint64_t max_bytes = std::uint64_t{64} << 20;
  /// Told, once for each, what keeps the cache from being used: a sentence without a full stop.
  /// Called by the thread that compiles; must not throw.
  std::function<void(std::string_view)> report = {};
};

/// What came of the kernels asked of a KernelCache in this process.
struct CacheStatistics {
  std::uint64_t found = 0;
  std::uint64_t compiled = 0;
  std::uint64_t rejected = 0;  ///< of those compiled: found, but damaged, foreign or not loadable
  std::uint64_t stored = 0;    ///< of those compiled
};

struct CacheContents {
  std::uint64_t entries = 0;
  std::uint64_t bytes = 0;
};

/// Kernels in a folder: KernelOptions::cache. What is found is the code that would be compiled: an
/// entry is of one text with all that it stands on, one set of options, one processor, one build of
/// actc and of LLVM. A cache that cannot be used costs time alone: the kernel is compiled. Copies
/// share their state. Thread-safe, and safe for any number of processes at once.
class ACTC_API KernelCache {
 public:
  KernelCache() = default;                     ///< none: all is compiled
  explicit KernelCache(CacheOptions options);  ///< touches no file yet
  explicit operator bool() const noexcept { return state_ != nullptr; }

  /// The rest is of a cache that is one; of none all is empty.
  std::filesystem::path directory() const;
  CacheStatistics statistics() const;
  CacheContents contents() const;
  /// Removes all entries; returns what they were.
  CacheContents clear() const;

 private:
  friend struct detail::CacheState;
  std::shared_ptr<detail::CacheState> state_;
};

}  // namespace actc
