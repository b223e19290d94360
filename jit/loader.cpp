// A thin use of ORC without LLJIT: no platform, no process symbols, no initializers to run.
#include "jit/loader.h"

#include <utility>

#include "jit/engine.h"

namespace actc::jit {
namespace {

template <class T>
T unwrap(llvm::Expected<T> value) {
  if (!value) throw CompileFailure{llvm::toString(value.takeError())};
  return std::move(*value);
}

// Linking happens on the thread that asks for it.
std::unique_ptr<llvm::orc::ExecutorProcessControl> this_process() {
  return unwrap(llvm::orc::SelfExecutorProcessControl::Create(
      nullptr, std::make_unique<llvm::orc::InPlaceTaskDispatcher>()));
}

std::size_t loaded_bytes(llvm::MemoryBufferRef object) {
  const auto file = unwrap(llvm::object::ObjectFile::createObjectFile(object));
  std::size_t bytes = 0;
  for (const llvm::object::SectionRef& section : file->sections()) {
    if (section.isText() || section.isData()) bytes += section.getSize();
  }
  return bytes;
}

}  // namespace

Loader::Loader()
    : session_(this_process()),
      memory_(llvm::sys::Process::getPageSizeEstimate()),
      layer_(session_, memory_) {
  // A failed look-up says only that it failed; the reason is reported apart, on the same thread.
  session_.setErrorReporter([this](llvm::Error error) {
    const std::string message = llvm::toString(std::move(error));
    const std::lock_guard lock(mutex_);
    reported_[std::this_thread::get_id()] += message + "\n";
  });
}

Loader::~Loader() { llvm::consumeError(session_.endSession()); }

std::string Loader::take_reported() {
  const std::lock_guard lock(mutex_);
  const auto node = reported_.extract(std::this_thread::get_id());
  return node.empty() ? std::string() : node.mapped();
}

Loader::Loaded Loader::load(std::span<const char> object, std::span<const std::string> symbols) {
  auto buffer =
      llvm::MemoryBuffer::getMemBufferCopy(llvm::StringRef(object.data(), object.size()), "kernel");
  Loaded result;
  result.bytes = loaded_bytes(*buffer);
  result.library = &session_.createBareJITDylib(std::to_string(next_++));
  try {
    if (auto error = layer_.add(*result.library, std::move(buffer))) {
      throw CompileFailure{llvm::toString(std::move(error))};
    }
    llvm::orc::SymbolLookupSet wanted;
    std::vector<llvm::orc::SymbolStringPtr> names;
    for (const std::string& symbol : symbols) {
      names.push_back(session_.intern(symbol));
      wanted.add(names.back());
    }
    const llvm::orc::SymbolMap found = unwrap(
        session_.lookup(llvm::orc::makeJITDylibSearchOrder(result.library), std::move(wanted)));
    for (const auto& name : names) {
      result.addresses.push_back(found.lookup(name).getAddress().toPtr<void*>());
    }
  } catch (const CompileFailure& failure) {
    unload(*result.library);
    throw CompileFailure{take_reported() + failure.message};
  }
  return result;
}

void Loader::unload(llvm::orc::JITDylib& library) noexcept {
  llvm::consumeError(session_.removeJITDylib(library));
  session_.getSymbolStringPool()->clearDeadEntries();
}

}  // namespace actc::jit
