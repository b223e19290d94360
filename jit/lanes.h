// One operation of a lowered graph on LLVM values, scalars or vectors alike.
#pragma once

#include <span>

#include "ir/graph.h"
#include "jit/llvm.h"
#include "jit/target.h"

namespace actc::jit {

// The type of `lanes` values of a format; 0 lanes: a scalar.
llvm::Type* type_of(llvm::LLVMContext& context, ir::Format format, unsigned lanes);

// A leaf that is the same everywhere (constant, inf, nan) as a scalar.
llvm::Constant* constant_of(llvm::LLVMContext& context, const ir::Graph& graph, ir::NodeId id);

class LaneEmitter {
 public:
  LaneEmitter(llvm::IRBuilder<>& builder, const Processor& processor)
      : builder_(builder), processor_(processor) {}

  // The value of node `id`, which has arguments, from theirs: all scalars, or all vectors of one
  // number of lanes. Exactly the operation of docs/language.md, rounding as IEEE 754 has it.
  llvm::Value* emit(const ir::Graph& graph, ir::NodeId id, std::span<llvm::Value* const> args);

 private:
  llvm::Value* number(ir::Operation op, ir::Format format, std::span<llvm::Value* const> a);
  llvm::Value* compare(ir::Operation op, ir::Format operand, std::span<llvm::Value* const> a);
  llvm::Value* shift(ir::Operation op, ir::Format format, std::span<llvm::Value* const> a);
  llvm::Value* table(const ir::Graph& graph, ir::NodeId id, llvm::Value* index);
  llvm::Value* permute(std::span<llvm::Constant* const> entries, llvm::Value* index);

  llvm::IRBuilder<>& builder_;
  const Processor& processor_;
};

}  // namespace actc::jit
