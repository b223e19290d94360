// The processor that code is generated for.
#pragma once

#include <mutex>
#include <string>
#include <vector>

#include "jit/engine.h"
#include "jit/llvm.h"

namespace actc::jit {

// What code generation needs to know of the processor.
struct Processor {
  std::string cpu;             // LLVM's name, for instruction selection
  std::string tune;            // the host's own, for scheduling
  std::string features;        // "+avx2,-avx512f,…"; empty: those of `cpu`
  unsigned vector_bits = 128;  // of the vectors to use: what the processor prefers
  unsigned vector_registers = 32;
  bool x86 = false;
  bool f16c = false;  // vcvtph2ps and vcvtps2ph
  bool avx2 = false;
  bool avx512 = false;      // with 512-bit vectors
  bool splits_512 = false;  // an operation of 512 bits takes as long as two of 256
  bool bf16 = false;        // vcvtne2ps2bf16, with AVX-512
};

// All of it as text, and LLVM's version and build.
std::string identity(const Processor& processor);
std::string llvm_identity();

// Makes a function one for this processor.
void set_target_attributes(llvm::Function& function, const Processor& processor);

// How much work LLVM puts into instruction selection, scheduling and register allocation.
enum class Effort : std::uint8_t { none, normal };

// An llvm::TargetMachine serves one thread at a time.
using Machine = std::unique_ptr<llvm::TargetMachine>;

// Processors and machines of one engine. Thread-safe.
class Machines {
 public:
  Machines();  // throws CompileFailure

  // Throws CompileFailure where the host cannot run code for `isa`.
  const Processor& processor(Isa isa) const;
  const llvm::Triple& triple() const { return triple_; }

  // A machine to use, made where none is idle; to be given back.
  Machine take(Isa isa, Effort effort);
  void give_back(Isa isa, Effort effort, Machine machine);

 private:
  Machine make(const Processor& processor, Effort effort) const;

  llvm::Triple triple_;
  const llvm::Target* target_ = nullptr;
  Processor host_;
  Processor avx2_;
  Processor fma_;
  bool has_avx2_ = false;
  std::mutex mutex_;
  std::vector<Machine> idle_[3][2];  // by Isa and Effort
};

}  // namespace actc::jit
