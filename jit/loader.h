// ORC: machine code into this process's memory, and out of it again.
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "jit/llvm.h"

namespace actc::jit {

// Objects loaded by this, each in a library of its own that is linked against nothing, not even the
// process: a call that code generation let slip in is a link error. Pages are never writable and
// executable at once. Thread-safe.
class Loader {
 public:
  Loader();
  ~Loader();
  Loader(const Loader&) = delete;
  Loader& operator=(const Loader&) = delete;

  struct Loaded {
    llvm::orc::JITDylib* library = nullptr;
    std::vector<void*> addresses;  // of the symbols, in order
    std::size_t bytes = 0;         // of code and constants
  };

  // Links a relocatable object, which is copied. Throws CompileFailure, naming the symbol, where it
  // refers to anything outside itself.
  Loaded load(std::span<const char> object, std::span<const std::string> symbols);

  // Gives the memory back; nothing of the library may be running.
  void unload(llvm::orc::JITDylib& library) noexcept;

 private:
  std::string take_reported();

  // What the session reported while linking, by the thread that linked.
  std::mutex mutex_;
  std::map<std::thread::id, std::string> reported_;
  // Destroyed in reverse: the layer before the session that it is registered with.
  llvm::orc::ExecutionSession session_;
  llvm::jitlink::InProcessMemoryManager memory_;
  llvm::orc::ObjectLinkingLayer layer_;
  std::atomic<std::uint64_t> next_ = 0;
};

}  // namespace actc::jit
