// The engine: code generation, LLVM and the loader put together. Every compilation has a context of
// its own, so threads share nothing but the pool of machines and the loader.
#include "jit/engine.h"

#include <cassert>
#include <utility>

#include "jit/codegen.h"
#include "jit/llvm.h"
#include "jit/loader.h"
#include "jit/optimize.h"
#include "jit/target.h"

namespace actc::jit {
namespace {

// Diagnostics of LLVM become our failure instead of text on stderr.
class CollectErrors : public llvm::DiagnosticHandler {
 public:
  explicit CollectErrors(std::string& errors) : errors_(errors) {}
  bool handleDiagnostics(const llvm::DiagnosticInfo& info) override {
    if (info.getSeverity() != llvm::DS_Error) return true;
    llvm::raw_string_ostream stream(errors_);
    llvm::DiagnosticPrinterRawOStream printer(stream);
    info.print(printer);
    return true;
  }

 private:
  std::string& errors_;
};

// A context, a machine and a module for one compilation.
class Compilation {
 public:
  Compilation(Machines& machines, const ModuleSpec& spec)
      : machines_(machines),
        isa_(spec.target.isa),
        effort_(effort_for(spec)),
        gate_(machines.processor(isa_)) {
    assert(spec.graph != nullptr);
    machine_ = machines.take(isa_, effort_);
    context_.setOptPassGate(gate_);
    context_.setDiagnosticHandler(std::make_unique<CollectErrors>(errors_));
    module_ = generate(context_, spec, machines.processor(isa_), *machine_);
    verify(*module_);
  }
  ~Compilation() {
    module_.reset();
    machines_.give_back(isa_, effort_, std::move(machine_));
  }
  Compilation(const Compilation&) = delete;
  Compilation& operator=(const Compilation&) = delete;

  llvm::Module& module() { return *module_; }
  llvm::SmallVector<char, 0> emit(llvm::CodeGenFileType type) {
    auto result = jit::emit(*module_, *machine_, type);
    if (!errors_.empty()) throw CompileFailure{errors_};
    return result;
  }

 private:
  static Effort effort_for(const ModuleSpec& spec) {
    return spec.target.optimize && !is_huge(spec) ? Effort::normal : Effort::none;
  }

  Machines& machines_;
  Isa isa_;
  Effort effort_;
  Machine machine_;
  std::string errors_;
  PassGate gate_;
  llvm::LLVMContext context_;
  std::unique_ptr<llvm::Module> module_;
};

}  // namespace

struct Engine::State {
  std::string llvm = llvm_identity();
  Machines machines;
  Loader loader;
};

struct CompiledModule::State {
  std::shared_ptr<Engine::State> engine;
  Loader::Loaded loaded;

  State(std::shared_ptr<Engine::State> engine_in, Loader::Loaded loaded_in)
      : engine(std::move(engine_in)), loaded(std::move(loaded_in)) {}
  ~State() { engine->loader.unload(*loaded.library); }
  State(const State&) = delete;
  State& operator=(const State&) = delete;
};

actc_kernel CompiledModule::kernel(std::size_t k) const {
  return reinterpret_cast<actc_kernel>(state_->loaded.addresses.at(k));
}

std::size_t CompiledModule::code_bytes() const { return state_->loaded.bytes; }

Engine::Engine() : state_(std::make_shared<State>()) {}
Engine::~Engine() = default;

CompiledModule Engine::compile(const ModuleSpec& spec) {
  return load(compile_object(spec).bytes, spec.kernels.size());
}

Object Engine::compile_object(const ModuleSpec& spec) {
  const auto start = std::chrono::steady_clock::now();
  Compilation compilation(state_->machines, spec);
  const auto written = std::chrono::steady_clock::now();
  const auto bytes = compilation.emit(llvm::CodeGenFileType::ObjectFile);
  return {.bytes = {bytes.begin(), bytes.end()},
          .writing = written - start,
          .llvm = std::chrono::steady_clock::now() - written};
}

CompiledModule Engine::load(std::string_view object, std::size_t kernel_count) {
  std::vector<std::string> symbols;
  for (std::size_t k = 0; k < kernel_count; ++k) symbols.push_back(kernel_symbol(k));
  CompiledModule result;
  result.state_ =
      std::make_shared<const CompiledModule::State>(state_, state_->loader.load(object, symbols));
  return result;
}

std::string Engine::identity(const Target& target) const {
  return state_->llvm + "\n" + state_->machines.triple().str() + "\n" +
         jit::identity(state_->machines.processor(target.isa));
}

std::string Engine::llvm_ir(const ModuleSpec& spec) {
  Compilation compilation(state_->machines, spec);
  std::string text;
  llvm::raw_string_ostream stream(text);
  compilation.module().print(stream, nullptr);
  return text;
}

std::string Engine::assembly(const ModuleSpec& spec) {
  const auto text = Compilation(state_->machines, spec).emit(llvm::CodeGenFileType::AssemblyFile);
  return {text.begin(), text.end()};
}

std::string Engine::target_description(const Target& target) const {
  const Processor& processor = state_->machines.processor(target.isa);
  return processor.cpu + ", " + std::to_string(processor.vector_bits / 32) + " x binary32";
}

}  // namespace actc::jit
