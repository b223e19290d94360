// A call that code generation let slip in must fail to link, and leave nothing behind.
#include <gtest/gtest.h>

#include "jit/engine.h"
#include "jit/loader.h"
#include "jit/optimize.h"
#include "jit/target.h"

namespace actc::jit {
namespace {

// A kernel `k` that calls `callee`, or nothing.
llvm::SmallVector<char, 0> object_that_calls(const char* callee) {
  Machines machines;
  const Machine machine = machines.take(Isa::host, Effort::normal);
  llvm::LLVMContext context;
  llvm::Module module("test", context);
  module.setDataLayout(machine->createDataLayout());
  set_triple(module, machine->getTargetTriple());
  llvm::IRBuilder<> builder(context);
  auto* type = llvm::FunctionType::get(builder.getDoubleTy(), {builder.getDoubleTy()}, false);
  auto* function = llvm::Function::Create(type, llvm::GlobalValue::ExternalLinkage, "k", module);
  builder.SetInsertPoint(llvm::BasicBlock::Create(context, "entry", function));
  llvm::Value* value = function->getArg(0);
  if (callee != nullptr)
    value = builder.CreateCall(module.getOrInsertFunction(callee, type), value);
  builder.CreateRet(builder.CreateFAdd(value, value));
  verify(module);
  return emit(module, *machine, llvm::CodeGenFileType::ObjectFile);
}

TEST(Loader, RunsAKernelThatCallsNothing) {
  Loader loader;
  const std::string name = "k";
  const Loader::Loaded loaded = loader.load(object_that_calls(nullptr), {&name, 1});
  EXPECT_EQ(reinterpret_cast<double (*)(double)>(loaded.addresses[0])(2), 4);
  loader.unload(*loaded.library);
}

TEST(Loader, RefusesAKernelThatCallsOutAndNamesTheCallee) {
  Loader loader;
  const std::string name = "k";
  for (int again = 0; again < 3; ++again) {
    for (const char* callee : {"sin", "memcpy"}) {
      try {
        loader.load(object_that_calls(callee), {&name, 1});
        ADD_FAILURE() << "linked against " << callee;
      } catch (const CompileFailure& failure) {
        EXPECT_NE(failure.message.find(callee), std::string::npos) << failure.message;
      }
    }
  }
  const Loader::Loaded loaded = loader.load(object_that_calls(nullptr), {&name, 1});
  EXPECT_EQ(reinterpret_cast<double (*)(double)>(loaded.addresses[0])(3), 6);
  loader.unload(*loaded.library);
}

TEST(Verify, RefusesAMalformedModule) {
  llvm::LLVMContext context;
  llvm::Module module("test", context);
  auto* type = llvm::FunctionType::get(llvm::Type::getVoidTy(context), false);
  auto* function = llvm::Function::Create(type, llvm::GlobalValue::ExternalLinkage, "k", module);
  llvm::BasicBlock::Create(context, "no_terminator", function);
  EXPECT_THROW(verify(module), CompileFailure);
}

}  // namespace
}  // namespace actc::jit
