// x86 has the environment of vector instructions in MXCSR, which is read and written in memory;
// AArch64 in FPCR. LLVM's own way (llvm.set.fpenv) is a library call on x86.
#include "jit/environment.h"

#include <cstdint>

namespace actc::jit {
namespace {

// Intel's manual, volume 1, 10.2.3: denormals-are-zero is bit 6, the masks of exceptions 7 to 12,
// rounding 13 and 14, flush-to-zero 15. All masked is the default; below 6 are flags, which record.
constexpr std::uint32_t mxcsr_control = 0xffc0;
constexpr std::uint32_t mxcsr_default = 0x1f80;

// FPCR's default is 0 (Arm's Architecture Reference Manual, C5.2.8).
constexpr std::uint64_t fpcr_default = 0;

}  // namespace

llvm::BasicBlock* DefaultEnvironment::block(const char* name) {
  return llvm::BasicBlock::Create(builder_.getContext(), name,
                                  builder_.GetInsertBlock()->getParent());
}

llvm::Value* DefaultEnvironment::saved() {
  return processor_.x86 ? builder_.CreateAlignedLoad(builder_.getInt32Ty(), saved_, llvm::Align(4))
                        : saved_;
}

llvm::Value* DefaultEnvironment::is_other() {
  if (!processor_.x86) return builder_.CreateICmpNE(saved(), builder_.getInt64(fpcr_default));
  return builder_.CreateICmpNE(builder_.CreateAnd(saved(), mxcsr_control),
                               builder_.getInt32(mxcsr_default));
}

void DefaultEnvironment::enter() {
  llvm::BasicBlock* change = block("change_environment");
  llvm::BasicBlock* ready = block("default_environment");
  llvm::BasicBlock& entry = builder_.GetInsertBlock()->getParent()->getEntryBlock();
  llvm::Value* wanted = nullptr;
  if (processor_.x86) {
    llvm::IRBuilder<> stack(&entry, entry.getFirstInsertionPt());
    // Aligned like a vector, and with it the frame: LLVM does not align the vectors that it spills
    // in a frame that nothing else aligns, and half of them would lie across cache lines.
    llvm::AllocaInst* saved = stack.CreateAlloca(stack.getInt32Ty());
    saved->setAlignment(llvm::Align(processor_.vector_bits / 8));
    saved_ = saved;
    wanted = stack.CreateAlloca(stack.getInt32Ty());
    builder_.CreateIntrinsic(builder_.getVoidTy(), llvm::Intrinsic::x86_sse_stmxcsr, {saved_});
  } else {
    saved_ = builder_.CreateIntrinsic(builder_.getInt64Ty(), llvm::Intrinsic::aarch64_get_fpcr, {});
  }
  builder_.CreateCondBr(is_other(), change, ready,
                        llvm::MDBuilder(builder_.getContext()).createUnlikelyBranchWeights());

  builder_.SetInsertPoint(change);
  if (processor_.x86) {
    builder_.CreateAlignedStore(builder_.getInt32(mxcsr_default), wanted, llvm::Align(4));
    builder_.CreateIntrinsic(builder_.getVoidTy(), llvm::Intrinsic::x86_sse_ldmxcsr, {wanted});
  } else {
    builder_.CreateIntrinsic(builder_.getVoidTy(), llvm::Intrinsic::aarch64_set_fpcr,
                             {builder_.getInt64(fpcr_default)});
  }
  builder_.CreateBr(ready);
  builder_.SetInsertPoint(ready);
}

void DefaultEnvironment::leave() {
  llvm::BasicBlock* restore = block("restore_environment");
  llvm::BasicBlock* restored = block("callers_environment");
  builder_.CreateCondBr(is_other(), restore, restored,
                        llvm::MDBuilder(builder_.getContext()).createUnlikelyBranchWeights());
  builder_.SetInsertPoint(restore);
  if (processor_.x86) {
    builder_.CreateIntrinsic(builder_.getVoidTy(), llvm::Intrinsic::x86_sse_ldmxcsr, {saved_});
  } else {
    builder_.CreateIntrinsic(builder_.getVoidTy(), llvm::Intrinsic::aarch64_set_fpcr, {saved()});
  }
  builder_.CreateBr(restored);
  builder_.SetInsertPoint(restored);
}

}  // namespace actc::jit
