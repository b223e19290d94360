// Compiled objects in files, found by a digest of all that decides their code.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace actc::jit {

// BLAKE3 of 256 bits: no two texts are known to share one.
using Digest = std::array<std::uint8_t, 32>;
Digest digest(std::string_view bytes);

// An object, and what must be known of it beside its code.
struct CacheEntry {
  std::string facts;
  std::string object;
};

// The bytes of a file that holds the entry of a key, and the entry that such a file holds: nothing
// where the bytes are another key's, another format's, or not as they were written.
std::string to_file(const Digest& key, const CacheEntry& entry);
std::optional<CacheEntry> from_file(std::string_view bytes, const Digest& key);

// A folder of entries, which any number of processes share. It and its files belong to the user
// that the process runs as and can be written by nobody else, or are not used. No failure throws:
// what there is to say of it is returned as a sentence. Thread-safe.
class ObjectCache {
 public:
  // A folder of more than `max_bytes` loses the entries that were used longest ago. It is looked
  // through once an hour, and by a process that has stored an eighth of that.
  ObjectCache(std::filesystem::path directory, std::uint64_t max_bytes);

  struct Found {
    std::optional<CacheEntry> entry;
    bool rejected = false;     // there was something in its place
    std::string problem = {};  // why the folder, or what stands there, cannot be used
  };
  Found find(const Digest& key) const;

  // Replaces what was damaged, and leaves alone what is no file of this user's. The folder is made
  // where there is none. Returns the problem, or nothing where the entry is stored.
  std::string store(const Digest& key, const CacheEntry& entry);

  struct Contents {
    std::uint64_t entries = 0;
    std::uint64_t bytes = 0;  // with what processes that ended early left behind
    std::string problem = {};
  };
  Contents contents() const;
  // Removes all files of a cache; returns what they were.
  Contents clear();

  const std::filesystem::path& directory() const { return directory_; }
  std::uint64_t max_bytes() const { return max_bytes_; }

 private:
  void prune(int folder);

  std::filesystem::path directory_;
  std::uint64_t max_bytes_;
  std::atomic<std::uint64_t> stored_since_pruning_ = 0;
  std::atomic<std::uint64_t> next_temporary_ = 0;
};

}  // namespace actc::jit
