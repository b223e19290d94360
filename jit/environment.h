// The floating-point environment that a kernel computes in: IEEE 754's default (rounding to
// nearest, subnormal numbers as they are, no exception traps), whatever its caller has set. So that
// results do not depend on the caller, and a lane whose result is not used cannot trap.
//
// The caller's environment is back when the kernel returns; where it was the default one, which is
// almost always, that is two reads and two branches a call.
#pragma once

#include "jit/llvm.h"
#include "jit/target.h"

namespace actc::jit {

class DefaultEnvironment {
 public:
  DefaultEnvironment(llvm::IRBuilder<>& builder, const Processor& processor)
      : builder_(builder), processor_(processor) {}

  // From here on the environment is the default one; the builder then stands in a new block.
  void enter();
  // From here on it is the caller's again; the builder then stands in a new block.
  void leave();

 private:
  llvm::Value* saved();     // the caller's control register
  llvm::Value* is_other();  // whether that differs from the default
  llvm::BasicBlock* block(const char* name);

  llvm::IRBuilder<>& builder_;
  const Processor& processor_;
  llvm::Value* saved_ = nullptr;  // x86: its place on the stack; else its value
};

}  // namespace actc::jit
