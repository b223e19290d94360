// Memory that begins where a cache line does.
#pragma once

#include <cstdlib>
#include <memory>
#include <new>
#include <span>

namespace bench {

// Not initialized. For T without constructors.
template <class T>
class Aligned {
 public:
  explicit Aligned(std::size_t count) : count_(count) {
    const std::size_t bytes = (count * sizeof(T) + alignment - 1) / alignment * alignment;
    memory_.reset(static_cast<T*>(std::aligned_alloc(alignment, bytes)));
    if (memory_ == nullptr) throw std::bad_alloc();
  }

  std::span<T> all() const { return {memory_.get(), count_}; }

 private:
  static constexpr std::size_t alignment = 64;
  struct Free {
    void operator()(T* p) const { std::free(p); }
  };
  std::size_t count_;
  std::unique_ptr<T, Free> memory_;
};

}  // namespace bench
