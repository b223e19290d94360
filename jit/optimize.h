// From a module to machine code.
#pragma once

#include "jit/llvm.h"
#include "jit/target.h"

namespace actc::jit {

// Leaves out passes of LLVM's code generator that cost time and do these kernels no good; to be set
// on a module's context, which it must outlive.
class PassGate : public llvm::OptPassGate {
 public:
  explicit PassGate(const Processor& processor) : schedules_(processor.vector_registers >= 32) {}

  bool isEnabled() const override { return true; }
#if LLVM_VERSION_MAJOR >= 21
  bool shouldRunPass(llvm::StringRef pass, llvm::StringRef) const override { return runs(pass); }
#else
  bool shouldRunPass(llvm::StringRef pass, llvm::StringRef) override { return runs(pass); }
#endif

 private:
  bool runs(llvm::StringRef pass) const;

  bool schedules_;
};

// Throws CompileFailure if the module is not well formed: a defect of code generation.
void verify(const llvm::Module& module);

// A relocatable object, or assembly text.
llvm::SmallVector<char, 0> emit(llvm::Module& module, llvm::TargetMachine& machine,
                                llvm::CodeGenFileType type);

}  // namespace actc::jit
