#include "bench/contenders.h"

#include <dlfcn.h>
#include <fmt/core.h>
#include <immintrin.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <memory>
#include <span>

#include "bench/kernels.h"
#include "runtime/actc.h"

namespace bench {
namespace {

// The parameters are fixed at their defaults, as they are in the other contenders.
actc::KernelOptions options_for(const actc::Function& f, Direction direction, bool avx2_only) {
  actc::KernelOptions options{.forward = direction == Direction::forward,
                              .backward = direction == Direction::backward,
                              .fused = direction == Direction::both,
                              .avx2_only = avx2_only};
  for (const actc::ParameterInfo& p : f.parameters()) {
    options.fixed[p.name] = p.default_value.value();
  }
  return options;
}

template <class T>
actc::BoundKernel<T> bound(const char* function, Direction direction, bool avx2_only) {
  const actc::Function f = actc::builtin(function);
  return f.kernel<T>(options_for(f, direction, avx2_only)).bind();
}

template <class T>
Run actc_call(const Job& job, bool avx2_only) {
  const actc::BoundKernel<T> kernel = bound<T>(job.function, job.direction, avx2_only);
  const std::span<const T> x(static_cast<const T*>(job.x), job.n);
  const std::span<const T> dy(static_cast<const T*>(job.dy), job.n);
  const std::span<T> y(static_cast<T*>(job.y), job.n);
  const std::span<T> dx(static_cast<T*>(job.dx), job.n);
  switch (job.direction) {
    case Direction::forward:
      return [=] { kernel.forward(x, y); };
    case Direction::backward:
      return [=] { kernel.backward(x, dy, dx); };
    case Direction::both:
      return [=] { kernel.forward_backward(x, dy, y, dx); };
  }
  return {};
}

Run offer_actc(const Job& job, bool avx2_only) try {
  switch (job.type) {
    case Type::f32:
      return actc_call<float>(job, avx2_only);
    case Type::f64:
      return actc_call<double>(job, avx2_only);
    case Type::f16:
      return actc_call<actc::float16>(job, avx2_only);
    case Type::bf16:
      return actc_call<actc::bfloat16>(job, avx2_only);
  }
  return {};
} catch (const actc::Error&) {
  return {};  // no such built-in
}

// For the peers whose gradients are computed from y.
Run offer_actc_from_y(const Job& job) try {
  if (job.type != Type::f32 || job.direction != Direction::backward) return {};
  const actc::Function f = actc::builtin(job.function);
  const auto savings = f.savings();
  const auto from_y = std::ranges::find(savings, actc::Saved::y, &actc::Saving::saved);
  if (from_y == savings.end()) return {};
  actc::KernelOptions options = options_for(f, Direction::both, false);
  options.forward = options.backward = true;
  options.fused = false;
  options.saved = actc::Saved::y;
  const actc::BoundKernel<float> kernel = f.kernel<float>(options).bind();
  const std::span<const float> dy(static_cast<const float*>(job.dy), job.n);
  const std::span<float> y(static_cast<float*>(job.y), job.n);
  const std::span<float> dx(static_cast<float*>(job.dx), job.n);
  kernel.forward(std::span(static_cast<const float*>(job.x), job.n), y);
  return [=] { kernel.backward_from_y(y, dy, dx); };
} catch (const actc::Error&) {
  return {};
}

Run offer_hand_written(const Job& job, std::span<const UnaryKernel> kernels) {
  if (job.type != Type::f32 || !host_has_avx2()) return {};
  const auto found =
      std::ranges::find(kernels, std::string_view(job.function),
                        [](const UnaryKernel& k) { return std::string_view(k.name); });
  if (found == kernels.end()) return {};
  const UnaryKernel k = *found;
  const auto* x = static_cast<const float*>(job.x);
  const auto* dy = static_cast<const float*>(job.dy);
  auto* y = static_cast<float*>(job.y);
  auto* dx = static_cast<float*>(job.dx);
  const std::size_t n = job.n;
  const bool forward = job.direction != Direction::backward;
  const bool backward = job.direction != Direction::forward;
  if ((forward && k.forward == nullptr) || (backward && k.backward == nullptr)) return {};
  if (!backward) return [=] { k.forward(x, y, n); };
  if (!forward) return [=] { k.backward(x, dy, dx, n); };
  return [=] {
    k.forward(x, y, n);
    k.backward(x, dy, dx, n);
  };
}

Run offer_memcpy(const Job& job) {
  return [job, bytes = elements_moved(job.direction, job.n) * size_of(job.type)] {
    std::memcpy(job.y, job.x, bytes);
  };
}

// Around the caches.
[[gnu::target("avx2")]] void copy_streamed(const void* from, void* to, std::size_t bytes) {
  const auto* in = static_cast<const __m256i*>(from);
  auto* out = static_cast<__m256i*>(to);
  for (std::size_t k = 0; k < bytes / sizeof(__m256i); ++k) {
    _mm256_stream_si256(out + k, _mm256_load_si256(in + k));
  }
  _mm_sfence();
}

Run offer_copy_streamed(const Job& job) {
  if (!host_has_avx2()) return {};
  return [job, bytes = elements_moved(job.direction, job.n) * size_of(job.type)] {
    copy_streamed(job.x, job.y, bytes);
  };
}

Contender of_function(const char* name, Run (*offer)(const Job&)) {
  return {name, [offer](const Job& job) {
            Run run = offer(job);
            if (run) run();
            return run;
          }};
}

Contender of_peer(const Peer& peer) {
  return {peer.name, [offer = peer.offer](const Job& job) -> Run {
            Call call{};
            if (!offer(&job, &call)) return {};
            const std::shared_ptr<void> state(call.state, call.destroy);
            return [run = call.run, state] { run(state.get()); };
          }};
}

void add_modules(std::vector<Contender>& all) {
  namespace fs = std::filesystem;
  const fs::path folder = fs::read_symlink("/proc/self/exe").parent_path() / "peers";
  std::vector<fs::path> paths;
  if (fs::exists(folder)) {
    for (const auto& entry : fs::directory_iterator(folder)) paths.push_back(entry.path());
  }
  std::ranges::sort(paths);
  for (const fs::path& path : paths) {
    if (path.extension() != ".so") continue;
    void* module = dlopen(path.c_str(), RTLD_LOCAL | RTLD_NOW);
    void* list = module == nullptr ? nullptr : dlsym(module, list_peers_name);
    if (list == nullptr) {
      fmt::print(stderr, "actc_bench: {}\n", dlerror());
      continue;
    }
    const Peers peers = reinterpret_cast<ListPeers>(list)();
    for (const Peer& peer : std::span(peers.first, peers.count)) all.push_back(of_peer(peer));
  }
}

}  // namespace

actc::BoundKernel<float> forward_kernel(const char* function) {
  return bound<float>(function, Direction::forward, false);
}

std::string assembly(const char* function, Direction direction, Type type, bool avx2_only) {
  const actc::Function f = actc::builtin(function);
  const actc::KernelOptions options = options_for(f, direction, avx2_only);
  switch (type) {
    case Type::f32:
      return f.emit<float>(actc::Stage::assembly, options);
    case Type::f64:
      return f.emit<double>(actc::Stage::assembly, options);
    case Type::f16:
      return f.emit<actc::float16>(actc::Stage::assembly, options);
    case Type::bf16:
      return f.emit<actc::bfloat16>(actc::Stage::assembly, options);
  }
  return {};
}

std::size_t code_bytes(const char* function, Direction direction) {
  const actc::Function f = actc::builtin(function);
  return f.kernel<float>(options_for(f, direction, false)).code_bytes();
}

std::vector<Contender> all_contenders() {
  std::vector<Contender> all = {
      of_function(actc_name, [](const Job& job) { return offer_actc(job, false); }),
      of_function("actc, AVX2", [](const Job& job) { return offer_actc(job, true); }),
      of_function("actc, from y", offer_actc_from_y),
      of_function(hand_written_name,
                  [](const Job& job) { return offer_hand_written(job, avx2_kernels()); }),
      of_function("hand-written, accurate",
                  [](const Job& job) { return offer_hand_written(job, avx2_accurate_kernels()); }),
      of_function("memcpy", offer_memcpy),
      of_function("copy, streamed", offer_copy_streamed),
  };
  add_modules(all);
  return all;
}

}  // namespace bench
