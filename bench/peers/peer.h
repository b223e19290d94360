// What a module of peers offers to the bench: a C interface, so that the libraries a peer needs
// (another LLVM, an OpenMP) stay behind the module's door. The program opens modules with
// RTLD_LOCAL and calls them from one thread.
#pragma once

#include <cstddef>
#include <functional>
#include <utility>

namespace bench {

enum class Type : int { f32, f64, f16, bf16 };
// backward: dx = dy * f'(x), with what the forward call has left, where the peer wants that; both:
// y and dx, in one call or two.
enum class Direction : int { forward, backward, both };

// What is to be computed. The arrays have n elements, begin where a cache line does, and outlive
// the call that is prepared for them. dy follows x, and dx follows y, without a gap.
struct Job {
  const char* function;  // as actc's built-in; parameters at their defaults
  Direction direction;
  Type type;
  std::size_t n;
  const void* x;
  const void* dy;
  void* y;
  void* dx;
};

// A prepared call: all that can be done once has been done.
struct Call {
  void (*run)(void* state);
  void (*destroy)(void* state);
  void* state;
};

struct Peer {
  const char* name;
  // False: not offered. Has run the call once, so that the arrays hold its results; later calls may
  // leave them in arrays of their own. Throws nothing.
  bool (*offer)(const Job* job, Call* call);
};

struct Peers {
  const Peer* first;
  std::size_t count;
};

// What a module exports: nobody where this processor cannot run its code.
using ListPeers = Peers (*)();
inline constexpr const char* list_peers_name = "actc_bench_peers";

// For modules: `offer` from a function of a job whose result is empty where it is not offered.
template <std::function<void()> (*prepare)(const Job&)>
bool offer(const Job* job, Call* call) noexcept {
  using Run = std::function<void()>;
  try {
    Run run = prepare(*job);
    if (!run) return false;
    run();  // what fails, fails here
    *call = {[](void* state) { (*static_cast<Run*>(state))(); },
             [](void* state) { delete static_cast<Run*>(state); }, new Run(std::move(run))};
    return true;
  } catch (...) {
    return false;
  }
}

}  // namespace bench

extern "C" [[gnu::visibility("default")]] bench::Peers actc_bench_peers();
