// Kernels from definitions: by way of the stages and LLVM, or from a cache, which skips both.
#include "runtime/code.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <chrono>
#include <utility>

#include "ir/passes.h"

namespace actc {
namespace detail {
namespace {

// Fields one after another, each with its length: no two lists of fields make one text.
class KeyText {
 public:
  void add(std::string_view field) {
    add(field.size());
    text_ += field;
  }
  void add(std::uint64_t number) {
    for (int shift = 0; shift < 64; shift += 8) {
      text_ += static_cast<char>(static_cast<unsigned char>(number >> shift));
    }
  }
  std::string_view text() const { return text_; }

 private:
  std::string text_;
};

void add_options(KeyText& key, const KernelOptions& options) {
  // A member more does not compile here until it is named.
  const auto& [forward, backward, fused, learned, saved, as_inputs, fixed, stabilize, optimize,
               avx2_only, cache] = options;
  for (const bool choice : {forward, backward, fused, learned, stabilize, optimize, avx2_only}) {
    key.add(choice ? 1 : 0);
  }
  key.add(saved ? 1 + static_cast<std::uint64_t>(*saved) : 0);
  key.add(as_inputs.size());
  for (const std::string& name : as_inputs) key.add(name);
  key.add(fixed.size());
  for (const auto& [name, value] : fixed) {
    key.add(name);
    key.add(std::bit_cast<std::uint64_t>(value));
  }
  static_cast<void>(cache);  // decides nothing
}

CodeFacts facts_of(const Stages& stages) {
  return {.over_rows = ir::is_over_rows(stages.gradient),
          .random = ir::is_random(stages.gradient),
          .value_shape = ir::value_shape(stages.gradient),
          .positive = stages.positive};
}

Kernels kernels_in(jit::CompiledModule code, const KernelOptions& options) {
  Kernels kernels;
  kernels.code = std::move(code);
  std::size_t k = 0;
  if (options.forward) kernels.forward = kernels.code.kernel(k++);
  if (options.backward) kernels.backward = kernels.code.kernel(k++);
  if (options.fused) kernels.fused = kernels.code.kernel(k++);
  return kernels;
}

std::size_t kernel_count(const KernelOptions& options) {
  return std::size_t{options.forward} + options.backward + options.fused;
}

// Nothing where the object is none of ours.
std::optional<Kernels> load(const std::string& object, const KernelOptions& options) {
  try {
    return kernels_in(engine().load(object, kernel_count(options)), options);
  } catch (const jit::CompileFailure&) {
    return std::nullopt;
  }
}

std::optional<Code> find_code(CacheState& cache, const jit::Digest& key,
                              const CodeRequest& request) {
  const jit::ObjectCache::Found found = cache.objects.find(key);
  cache.tell(found.problem);
  if (found.entry) {
    const std::size_t parameters = (*request.module.library)[request.id].parameters.size();
    auto facts = facts_from(found.entry->facts, parameters);
    if (facts && facts->value_shape == request.value_shape.value_or(facts->value_shape)) {
      if (auto kernels = load(found.entry->object, request.options)) {
        ++cache.found;
        return Code{*std::move(kernels), *std::move(facts), {.found = true}};
      }
    }
  }
  if (found.entry || found.rejected) ++cache.rejected;
  return std::nullopt;
}

void store_code(CacheState& cache, const jit::Digest& key, const CodeFacts& facts,
                const std::string& object) {
  const std::string problem = cache.objects.store(key, {to_bytes(facts), object});
  cache.tell(problem);
  if (problem.empty()) ++cache.stored;
}

}  // namespace

CacheState::CacheState(CacheOptions options)
    : objects(std::move(options.directory), options.max_bytes), report(std::move(options.report)) {}

void CacheState::tell(const std::string& problem) {
  if (problem.empty() || !report) return;
  {
    const std::lock_guard lock(mutex);
    if (!reported.insert(problem).second) return;
  }
  report(problem);
}

std::string to_bytes(const CodeFacts& facts) {
  KeyText text;
  text.add(facts.over_rows ? 1 : 0);
  text.add(facts.random ? 1 : 0);
  text.add(static_cast<std::uint64_t>(facts.value_shape));
  for (const std::size_t k : facts.positive) text.add(k);
  return std::string(text.text());
}

std::optional<CodeFacts> facts_from(std::string_view bytes, std::size_t parameter_count) {
  constexpr std::size_t word = 8;
  if (bytes.size() % word != 0 || bytes.size() < 3 * word) return std::nullopt;
  std::vector<std::uint64_t> words(bytes.size() / word);
  for (std::size_t k = 0; k < bytes.size(); ++k) {
    words[k / word] |= std::uint64_t{static_cast<unsigned char>(bytes[k])} << (8 * (k % word));
  }
  const std::span<const std::uint64_t> positive = std::span(words).subspan(3);
  if (words[0] > 1 || words[1] > 1 || words[2] > static_cast<std::uint64_t>(ir::Shape::element) ||
      std::ranges::any_of(positive, [&](std::uint64_t k) { return k >= parameter_count; })) {
    return std::nullopt;
  }
  return CodeFacts{.over_rows = words[0] == 1,
                   .random = words[1] == 1,
                   .value_shape = static_cast<ir::Shape>(words[2]),
                   .positive = {positive.begin(), positive.end()}};
}

jit::Digest key_of(const CodeRequest& request) {
  const ir::Function& f = (*request.module.library)[request.id];
  KeyText key;
  key.add(build_identity());
  const bool avx2 = request.options.avx2_only;
  key.add(engine().identity({.isa = avx2 ? jit::Isa::avx2 : jit::Isa::host}));
  // The standard library, which has no base, is a part of the build.
  for (const ModuleState* m = &request.module; m->base; m = m->base.get()) key.add(m->source);
  key.add("standard library");
  key.add(f.name);
  key.add(request.id);
  key.add(static_cast<std::uint64_t>(request.types.x));
  key.add(static_cast<std::uint64_t>(request.types.y));
  add_options(key, request.options);
  key.add(request.shapes.size());
  for (const ir::Shape shape : request.shapes) key.add(static_cast<std::uint64_t>(shape));
  key.add(static_cast<std::uint64_t>(request.lanes));
  return jit::digest(key.text());
}

Code code_for(const CodeRequest& request) {
  using Clock = std::chrono::steady_clock;
  const auto milliseconds = [](Clock::duration d) {
    return std::chrono::duration<double, std::milli>(d).count();
  };
  const ir::Function& f = (*request.module.library)[request.id];
  const StageOptions staged = stage_options(f, request.options, request.shapes);
  CacheState* cache = CacheState::of(request.options.cache);
  try {
    jit::Digest key{};
    if (cache != nullptr) {
      key = key_of(request);
      if (auto code = find_code(*cache, key, request)) return *std::move(code);
      ++cache->compiled;
    }
    const auto start = Clock::now();
    const Stages stages =
        detail::stages(request.module, request.id, request.types.computed(), staged);
    CodeFacts facts = facts_of(stages);
    if (facts.value_shape != request.value_shape.value_or(facts.value_shape)) {
      throw Error(
          fmt::format("{}: its value would be the same for all elements of a row, as the inputs "
                      "that it depends on are: give one of them a value for each",
                      shown_name(f)));
    }
    jit::ModuleSpec spec = module_spec(f, stages, request.types, request.options, staged.variables);
    spec.lanes = request.lanes;
    const auto lowered = Clock::now();
    const jit::Object object = engine().compile_object(spec);
    if (cache != nullptr) store_code(*cache, key, facts, object.bytes);
    const auto compiled = Clock::now();
    Kernels kernels = kernels_in(engine().load(object.bytes, spec.kernels.size()), request.options);
    return {std::move(kernels),
            std::move(facts),
            {.graphs = milliseconds(lowered - start),
             .writing = milliseconds(object.writing),
             .llvm = milliseconds(object.llvm),
             .link = milliseconds(Clock::now() - compiled)}};
  } catch (const jit::CompileFailure& failure) {
    throw Error(fmt::format("{} could not be compiled: {}", shown_name(f), failure.message));
  }
}

}  // namespace detail

KernelCache::KernelCache(CacheOptions options)
    : state_(std::make_shared<detail::CacheState>(std::move(options))) {}

std::filesystem::path KernelCache::directory() const {
  return state_ ? state_->objects.directory() : std::filesystem::path();
}

CacheStatistics KernelCache::statistics() const {
  if (!state_) return {};
  return {.found = state_->found,
          .compiled = state_->compiled,
          .rejected = state_->rejected,
          .stored = state_->stored};
}

CacheContents KernelCache::contents() const {
  if (!state_) return {};
  const auto contents = state_->objects.contents();
  state_->tell(contents.problem);
  return {.entries = contents.entries, .bytes = contents.bytes};
}

CacheContents KernelCache::clear() const {
  if (!state_) return {};
  const auto removed = state_->objects.clear();
  state_->tell(removed.problem);
  return {.entries = removed.entries, .bytes = removed.bytes};
}

}  // namespace actc
