// A lowered graph to an LLVM module of kernels with explicit vectors.
#pragma once

#include <memory>

#include "jit/engine.h"
#include "jit/llvm.h"
#include "jit/target.h"

namespace actc::jit {

// The symbol of a module's k-th kernel.
std::string kernel_symbol(std::size_t k);

// Graphs from this many nodes on are compiled for little compile time and memory instead of for
// speed: without optimization, with 128-bit vectors (small frames on the stack), in short blocks.
// The worst shape known, half of the nodes alive at once, takes up to 1 s just below on a busy
// machine.
constexpr std::size_t huge_graph = 2000;
// Or do the loops over a row compute twice as many, a node counted in each that needs it?
bool is_huge(const ModuleSpec& spec);

// The module, with data layout and triple of `machine`. Its functions call nothing; their symbols
// are kernel_symbol(0) and so on.
std::unique_ptr<llvm::Module> generate(llvm::LLVMContext& context, const ModuleSpec& spec,
                                       const Processor& processor,
                                       const llvm::TargetMachine& machine);

}  // namespace actc::jit
