// Detects the host, once an engine, and pools the machines that generate code for it: making one
// costs about as much as compiling a small kernel.
#include "jit/target.h"

#include <fmt/format.h>
#include <link.h>
#include <sys/stat.h>

#include <mutex>
#include <span>
#include <utility>

namespace actc::jit {
namespace {

void initialize_llvm() {
  static std::once_flag once;
  std::call_once(once, [] {
    llvm::InitializeNativeTarget();
    llvm::InitializeNativeTargetAsmPrinter();
  });
}

llvm::TargetOptions target_options() {
  llvm::TargetOptions options;
  // Only what a formula calls fma is fused.
  options.AllowFPOpFusion = llvm::FPOpFusion::Strict;
  options.TrapUnreachable = true;
  options.EnableFastISel = false;
  options.EnableGlobalISel = false;
  options.GlobalISelAbort = llvm::GlobalISelAbortMode::Disable;
  return options;
}

// The width that LLVM's cost model prefers for this processor: 256 bits on those that lower their
// clock for 512.
unsigned preferred_vector_bits(llvm::TargetMachine& machine, const Processor& processor) {
  llvm::LLVMContext context;
  llvm::Module module("probe", context);
  module.setDataLayout(machine.createDataLayout());
  set_triple(module, machine.getTargetTriple());
  auto* type = llvm::FunctionType::get(llvm::Type::getVoidTy(context), false);
  auto* function =
      llvm::Function::Create(type, llvm::GlobalValue::ExternalLinkage, "probe", module);
  set_target_attributes(*function, processor);
  const llvm::TargetTransformInfo info = machine.getTargetTransformInfo(*function);
  const llvm::TypeSize bits =
      info.getRegisterBitWidth(llvm::TargetTransformInfo::RGK_FixedWidthVector);
  return static_cast<unsigned>(std::clamp<std::uint64_t>(bits.getFixedValue(), 128, 512));
}

// The shared object, or program, that an address is in. (dladdr looks through all its symbols too,
// which takes 0.2 ms in LLVM's.)
std::string file_of(std::uintptr_t address) {
  struct Search {
    std::uintptr_t address;
    std::string path;
  } search{address, {}};
  ::dl_iterate_phdr(
      [](dl_phdr_info* object, std::size_t, void* data) {
        auto& wanted = *static_cast<Search*>(data);
        for (const ElfW(Phdr) & part : std::span(object->dlpi_phdr, object->dlpi_phnum)) {
          const std::uintptr_t begin = object->dlpi_addr + part.p_vaddr;
          if (part.p_type != PT_LOAD || wanted.address - begin >= part.p_memsz) continue;
          wanted.path = object->dlpi_name;
          return 1;
        }
        return 0;
      },
      &search);
  return search.path.empty() ? "/proc/self/exe" : search.path;
}

}  // namespace

std::string identity(const Processor& processor) {
  // A member more does not compile here until it is named.
  const auto& [cpu, tune, features, vector_bits, vector_registers, x86, f16c, avx2, avx512,
               splits_512, bf16] = processor;
  return fmt::format("{}\n{}\n{}\n{} {} {} {} {} {} {} {}", cpu, tune, features, vector_bits,
                     vector_registers, x86, f16c, avx2, avx512, splits_512, bf16);
}

std::string llvm_identity() {
  unsigned major = 0, minor = 0, patch = 0;
  LLVMGetVersion(&major, &minor, &patch);
  std::string text = fmt::format("LLVM {}.{}.{}", major, minor, patch);
  // Snapshots keep the version: the file tells them apart.
  struct stat status{};
  const std::string path = file_of(reinterpret_cast<std::uintptr_t>(&LLVMGetVersion));
  if (::stat(path.c_str(), &status) == 0) {
    text += fmt::format(", {} bytes of {}", status.st_size, status.st_mtime);
  }
  return text;
}

void set_target_attributes(llvm::Function& function, const Processor& processor) {
  function.addFnAttr("target-cpu", processor.cpu);
  function.addFnAttr("tune-cpu", processor.tune);
  if (!processor.features.empty()) function.addFnAttr("target-features", processor.features);
  // Where the processor has 512-bit registers but prefers not to use them, values that need two
  // registers are to be kept in two.
  if (processor.avx512 && processor.vector_bits < 512) {
    function.addFnAttr("min-legal-vector-width", std::to_string(processor.vector_bits));
  }
}

Machines::Machines() {
  initialize_llvm();
  triple_ = llvm::Triple(llvm::sys::getProcessTriple());
  std::string error;
  target_ = find_target(triple_, error);
  if (target_ == nullptr || !target_->hasJIT()) {
    throw CompileFailure{"no code generator for this processor (" + triple_.str() + ")"};
  }

  host_.cpu = host_.tune = llvm::sys::getHostCPUName().str();
  llvm::SubtargetFeatures features;
  const auto available = llvm::sys::getHostCPUFeatures();
  for (const auto& feature : available) features.AddFeature(feature.first(), feature.second);
  host_.features = features.getString();
  host_.x86 = triple_.isX86();
  host_.f16c = host_.x86 && available.lookup("f16c");
  host_.avx2 = host_.x86 && available.lookup("avx2");
  if (host_.x86 && !(triple_.isArch64Bit() && available.lookup("fma"))) {
    throw CompileFailure{"this processor (" + host_.cpu + ") lacks fused multiply-add (FMA3)"};
  }
  if (!host_.x86 && !triple_.isAArch64()) {
    throw CompileFailure{"kernels are compiled for x86-64 and AArch64 only, not for " +
                         triple_.str()};
  }

  Machine machine = make(host_, Effort::normal);
  host_.vector_bits = preferred_vector_bits(*machine, host_);
  host_.avx512 = host_.x86 && available.lookup("avx512f") && available.lookup("avx512vl") &&
                 available.lookup("avx512dq") && available.lookup("avx512bw");
  host_.splits_512 = host_.avx512 && host_.tune == "znver4";
  host_.bf16 = host_.avx512 && available.lookup("avx512bf16");
  host_.vector_registers = !host_.x86 || host_.avx512 ? 32 : 16;
  give_back(Isa::host, Effort::normal, std::move(machine));

  has_avx2_ = host_.avx2 && host_.f16c;
  // x86-64-v3 has AVX2, FMA, F16C and BMI, and what every processor with these has.
  avx2_ = {.cpu = "x86-64-v3",
           .tune = host_.tune,
           .features = "",
           .vector_bits = 256,
           .vector_registers = 16,
           .x86 = true,
           .f16c = true,
           .avx2 = true,
           .avx512 = false};
  fma_ = {.cpu = "x86-64-v2",
          .tune = host_.tune,
          .features = "+avx,+fma",
          .vector_bits = 128,
          .vector_registers = 16,
          .x86 = host_.x86};
}

const Processor& Machines::processor(Isa isa) const {
  switch (isa) {
    case Isa::host:
      return host_;
    case Isa::fma:
      if (!host_.x86) throw CompileFailure{"this processor (" + host_.cpu + ") is no x86-64"};
      return fma_;
    case Isa::avx2:
      break;
  }
  if (!has_avx2_) throw CompileFailure{"this processor (" + host_.cpu + ") lacks AVX2"};
  return avx2_;
}

Machine Machines::make(const Processor& processor, Effort effort) const {
  const auto level =
      effort == Effort::none ? llvm::CodeGenOptLevel::None : llvm::CodeGenOptLevel::Default;
  Machine machine = make_target_machine(*target_, triple_, processor.cpu, processor.features,
                                        target_options(), level);
  if (machine == nullptr) throw CompileFailure{"LLVM makes no machine for " + triple_.str()};
  machine->setO0WantsFastISel(false);
  machine->setFastISel(false);
  machine->setGlobalISel(false);
  return machine;
}

Machine Machines::take(Isa isa, Effort effort) {
  {
    const std::lock_guard lock(mutex_);
    auto& idle = idle_[static_cast<int>(isa)][static_cast<int>(effort)];
    if (!idle.empty()) {
      Machine machine = std::move(idle.back());
      idle.pop_back();
      return machine;
    }
  }
  return make(processor(isa), effort);
}

void Machines::give_back(Isa isa, Effort effort, Machine machine) {
  constexpr std::size_t kept = 16;  // about a hundred kilobytes each
  const std::lock_guard lock(mutex_);
  auto& idle = idle_[static_cast<int>(isa)][static_cast<int>(effort)];
  if (idle.size() < kept) idle.push_back(std::move(machine));
}

}  // namespace actc::jit
