// The meaning of every typed operation as LLVM instructions. No fast-math flag is ever set, and
// only intrinsics that are single instructions on x86-64-v3 and AArch64 are used: those for exp,
// log and their kin would become calls.
#include "jit/lanes.h"

#include <bit>
#include <cassert>
#include <vector>

#include "ir/round.h"

namespace actc::jit {
namespace {

using ir::Format;
using ir::Operation;

unsigned lane_count(const llvm::Value* value) {
  const auto* vector = llvm::dyn_cast<llvm::FixedVectorType>(value->getType());
  return vector == nullptr ? 0 : vector->getNumElements();
}

unsigned width_of(Format format) {
  return format == Format::binary32 || format == Format::int32 ? 32 : 64;
}

}  // namespace

llvm::Type* type_of(llvm::LLVMContext& context, Format format, unsigned lanes) {
  llvm::Type* scalar = nullptr;
  switch (format) {
    case Format::boolean:
      scalar = llvm::Type::getInt1Ty(context);
      break;
    case Format::binary32:
      scalar = llvm::Type::getFloatTy(context);
      break;
    case Format::binary64:
      scalar = llvm::Type::getDoubleTy(context);
      break;
    case Format::int32:
      scalar = llvm::Type::getInt32Ty(context);
      break;
    case Format::int64:
      scalar = llvm::Type::getInt64Ty(context);
      break;
    case Format::real:
      assert(false && "a lowered graph holds no reals");
      break;
  }
  return lanes == 0 ? scalar : llvm::FixedVectorType::get(scalar, lanes);
}

llvm::Constant* constant_of(llvm::LLVMContext& context, const ir::Graph& graph, ir::NodeId id) {
  const ir::Node& node = graph[id];
  llvm::Type* type = type_of(context, node.format, 0);
  switch (node.format) {
    case Format::boolean:
      return llvm::ConstantInt::get(type, graph.value(id) != 0 ? 1 : 0);
    case Format::int32:
    case Format::int64: {
      const auto bits = ir::integer_bits(graph.value(id), node.format);
      assert(bits.has_value());
      return llvm::ConstantInt::get(type, *bits);
    }
    case Format::binary32:
    case Format::binary64:
    case Format::real:
      break;
  }
  if (node.op == Operation::Infinity) return llvm::ConstantFP::getInfinity(type);
  if (node.op == Operation::NotANumber) return llvm::ConstantFP::getQNaN(type);
  assert(node.op == Operation::Constant);
  const llvm::APFloat value = node.format == Format::binary32
                                  ? llvm::APFloat(ir::round_to_binary32(graph.value(id)))
                                  : llvm::APFloat(ir::round_to_binary64(graph.value(id)));
  return llvm::ConstantFP::get(type, value);
}

llvm::Value* LaneEmitter::number(Operation op, Format format, std::span<llvm::Value* const> a) {
  const bool is_float = ir::is_float(format);
  const auto unary = [&](llvm::Intrinsic::ID intrinsic) {
    return builder_.CreateUnaryIntrinsic(intrinsic, a[0]);
  };
  switch (op) {
    case Operation::Add:
      return is_float ? builder_.CreateFAdd(a[0], a[1]) : builder_.CreateAdd(a[0], a[1]);
    case Operation::Sub:
      return is_float ? builder_.CreateFSub(a[0], a[1]) : builder_.CreateSub(a[0], a[1]);
    case Operation::Mul:
      return is_float ? builder_.CreateFMul(a[0], a[1]) : builder_.CreateMul(a[0], a[1]);
    case Operation::Neg:
      return is_float ? builder_.CreateFNeg(a[0]) : builder_.CreateNeg(a[0]);
    case Operation::Div:
      return builder_.CreateFDiv(a[0], a[1]);
    case Operation::Fma:
      return builder_.CreateIntrinsic(llvm::Intrinsic::fma, {a[0]->getType()}, {a[0], a[1], a[2]});
    case Operation::Sqrt:
      return unary(llvm::Intrinsic::sqrt);
    case Operation::Abs:
      return unary(llvm::Intrinsic::fabs);
    // These two forms are the definition of x86's minps and maxps.
    case Operation::Min:
      return builder_.CreateSelect(builder_.CreateFCmpOLT(a[0], a[1]), a[0], a[1]);
    case Operation::Max:
      return builder_.CreateSelect(builder_.CreateFCmpOGT(a[0], a[1]), a[0], a[1]);
    case Operation::Floor:
      return unary(llvm::Intrinsic::floor);
    case Operation::Ceil:
      return unary(llvm::Intrinsic::ceil);
    case Operation::Round:
      return unary(llvm::Intrinsic::roundeven);
    case Operation::Trunc:
      return unary(llvm::Intrinsic::trunc);
    case Operation::CopySign:
      return builder_.CreateBinaryIntrinsic(llvm::Intrinsic::copysign, a[0], a[1]);
    default:
      break;
  }
  assert(false && "not arithmetic");
  return nullptr;
}

llvm::Value* LaneEmitter::compare(Operation op, Format operand, std::span<llvm::Value* const> a) {
  using Predicate = llvm::CmpInst::Predicate;
  const bool is_float = ir::is_float(operand);
  const auto with = [&](Predicate for_floats, Predicate for_integers) {
    return builder_.CreateCmp(is_float ? for_floats : for_integers, a[0], a[1]);
  };
  switch (op) {
    case Operation::Less:
      return with(Predicate::FCMP_OLT, Predicate::ICMP_SLT);
    case Operation::LessEqual:
      return with(Predicate::FCMP_OLE, Predicate::ICMP_SLE);
    case Operation::Greater:
      return with(Predicate::FCMP_OGT, Predicate::ICMP_SGT);
    case Operation::GreaterEqual:
      return with(Predicate::FCMP_OGE, Predicate::ICMP_SGE);
    case Operation::Equal:
      return with(Predicate::FCMP_OEQ, Predicate::ICMP_EQ);
    case Operation::NotEqual:
      return with(Predicate::FCMP_UNE, Predicate::ICMP_NE);
    case Operation::IsNan:
      return builder_.CreateFCmpUNO(a[0], a[0]);
    default:
      break;
  }
  assert(false && "not a comparison");
  return nullptr;
}

// The amount is taken modulo the width: an amount that is out of range gives some number, and no
// poison that an address could be computed from.
llvm::Value* LaneEmitter::shift(Operation op, Format format, std::span<llvm::Value* const> a) {
  llvm::Value* amount =
      builder_.CreateAnd(a[1], llvm::ConstantInt::get(a[1]->getType(), width_of(format) - 1));
  if (op == Operation::ShiftLeft) return builder_.CreateShl(a[0], amount);
  if (op == Operation::ShiftRight) return builder_.CreateLShr(a[0], amount);
  return builder_.CreateAShr(a[0], amount);
}

// Registers as tables, where x86 can: `entries` are a power of two. Nothing where it cannot.
llvm::Value* LaneEmitter::permute(std::span<llvm::Constant* const> entries, llvm::Value* index) {
  llvm::Type* entry = entries[0]->getType();
  const bool wide = entry->isDoubleTy();
  const unsigned lanes = lane_count(index);
  const unsigned entry_bits = wide ? 64 : 32;
  const bool in_512 =
      processor_.avx512 && processor_.vector_bits == 512 && lanes * entry_bits >= 512;
  const unsigned bits = in_512 ? 512 : 256;
  const unsigned per_register = bits / entry_bits;
  const std::size_t most = bits == 512 ? 4 * per_register : 2 * per_register;
  if (!processor_.avx2 || (bits == 256 && wide) || entries.size() > most ||
      lanes % per_register != 0) {
    return nullptr;
  }

  // A permutation looks at the low bits alone: a mask of them is its own.
  if (auto* mask = llvm::dyn_cast<llvm::BinaryOperator>(index);
      mask != nullptr && mask->getOpcode() == llvm::Instruction::And) {
    const auto* bits_kept = llvm::dyn_cast<llvm::Constant>(mask->getOperand(1));
    const llvm::Constant* splat = bits_kept != nullptr ? bits_kept->getSplatValue() : nullptr;
    const auto* kept = splat != nullptr ? llvm::dyn_cast<llvm::ConstantInt>(splat) : nullptr;
    if (kept != nullptr && kept->getZExtValue() == entries.size() - 1) index = mask->getOperand(0);
  }

  llvm::Type* index_type = llvm::FixedVectorType::get(builder_.getIntNTy(wide ? 64 : 32), lanes);
  index = builder_.CreateZExtOrTrunc(index, index_type);
  const auto constants = [&](std::size_t first) {
    std::vector<llvm::Constant*> lane;
    for (std::size_t i = 0; i < per_register; ++i) {
      lane.push_back(entries[(first + i) % entries.size()]);
    }
    return llvm::ConstantVector::get(lane);
  };
  const auto one = [&](std::size_t first, llvm::Value* i) -> llvm::Value* {
    // Four entries lie in each quarter of a register: one short instruction.
    const auto within = bits == 256 ? llvm::Intrinsic::x86_avx_vpermilvar_ps_256
                                    : llvm::Intrinsic::x86_avx512_vpermilvar_ps_512;
    const auto id = !wide && entries.size() <= 4 ? within
                    : bits == 256                ? llvm::Intrinsic::x86_avx2_permps
                    : wide                       ? llvm::Intrinsic::x86_avx512_permvar_df_512
                                                 : llvm::Intrinsic::x86_avx512_permvar_sf_512;
    return builder_.CreateIntrinsic(id, llvm::ArrayRef<llvm::Type*>(), {constants(first), i});
  };
  const auto two = [&](std::size_t first, llvm::Value* i) -> llvm::Value* {
    const auto id = wide ? llvm::Intrinsic::x86_avx512_vpermi2var_pd_512
                         : llvm::Intrinsic::x86_avx512_vpermi2var_ps_512;
    return builder_.CreateIntrinsic(id, llvm::ArrayRef<llvm::Type*>(),
                                    {constants(first), i, constants(first + per_register)});
  };
  const auto choose = [&](std::size_t half, llvm::Value* i, llvm::Value* low, llvm::Value* high) {
    llvm::Value* bit = builder_.CreateAnd(i, llvm::ConstantInt::get(i->getType(), half));
    return builder_.CreateSelect(builder_.CreateIsNotNull(bit), high, low);
  };

  llvm::Value* result = nullptr;
  for (unsigned first = 0; first < lanes; first += per_register) {
    std::vector<int> part(per_register);
    for (unsigned i = 0; i < per_register; ++i) part[i] = static_cast<int>(first + i);
    llvm::Value* i = lanes == per_register ? index : builder_.CreateShuffleVector(index, part);
    llvm::Value* found = nullptr;
    if (entries.size() <= per_register) {
      found = one(0, i);
    } else if (bits == 256) {
      found = choose(per_register, i, one(0, i), one(per_register, i));
    } else if (entries.size() <= 2 * std::size_t{per_register}) {
      found = two(0, i);
    } else {
      const std::size_t half = 2 * std::size_t{per_register};
      found = choose(half, i, two(0, i), two(half, i));
    }
    if (result == nullptr) {
      result = found;
    } else {
      // At most twice as many lanes as a register has: a double for each float.
      std::vector<int> both(lanes);
      for (unsigned k = 0; k < lanes; ++k) both[k] = static_cast<int>(k);
      result = builder_.CreateShuffleVector(result, found, both);
    }
  }
  return result;
}

// The index is taken modulo the table's size rounded up to a power of two, so that no formula reads
// outside.
llvm::Value* LaneEmitter::table(const ir::Graph& graph, ir::NodeId id, llvm::Value* index) {
  llvm::LLVMContext& context = builder_.getContext();
  const auto args = graph.args(id);
  std::vector<llvm::Constant*> entries;
  for (const ir::NodeId a : args.subspan(1)) entries.push_back(constant_of(context, graph, a));
  llvm::Type* entry = entries[0]->getType();
  entries.resize(std::bit_ceil(entries.size()), llvm::Constant::getNullValue(entry));

  const unsigned lanes = lane_count(index);
  if (lanes != 0) {
    if (llvm::Value* found = permute(entries, index)) return found;
  }
  index = builder_.CreateAnd(index, llvm::ConstantInt::get(index->getType(), entries.size() - 1));
  auto* array_type = llvm::ArrayType::get(entry, entries.size());
  llvm::Module& module = *builder_.GetInsertBlock()->getModule();
  auto* array = new llvm::GlobalVariable(module, array_type, /*isConstant=*/true,
                                         llvm::GlobalValue::PrivateLinkage,
                                         llvm::ConstantArray::get(array_type, entries));
  array->setAlignment(llvm::Align(64));
  array->setUnnamedAddr(llvm::GlobalValue::UnnamedAddr::Global);
  llvm::Value* address = builder_.CreateInBoundsGEP(entry, array, index);
  const llvm::Align align(entry->isDoubleTy() ? 8 : 4);
  if (lanes == 0) return builder_.CreateAlignedLoad(entry, address, align);
  return builder_.CreateMaskedGather(llvm::FixedVectorType::get(entry, lanes), address, align);
}

llvm::Value* LaneEmitter::emit(const ir::Graph& graph, ir::NodeId id,
                               std::span<llvm::Value* const> a) {
  const ir::Node& node = graph[id];
  const Format operand = graph[graph.arg(id, 0)].format;
  llvm::Type* type = type_of(builder_.getContext(), node.format, lane_count(a[0]));
  switch (node.op) {
    case Operation::Add:
    case Operation::Sub:
    case Operation::Mul:
    case Operation::Div:
    case Operation::Neg:
    case Operation::Fma:
    case Operation::Sqrt:
    case Operation::Abs:
    case Operation::Min:
    case Operation::Max:
    case Operation::Floor:
    case Operation::Ceil:
    case Operation::Round:
    case Operation::Trunc:
    case Operation::CopySign:
      return number(node.op, node.format, a);
    case Operation::Less:
    case Operation::LessEqual:
    case Operation::Greater:
    case Operation::GreaterEqual:
    case Operation::Equal:
    case Operation::NotEqual:
    case Operation::IsNan:
      return compare(node.op, operand, a);
    case Operation::And:
      return builder_.CreateAnd(a[0], a[1]);
    case Operation::Or:
      return builder_.CreateOr(a[0], a[1]);
    case Operation::Not:
      if (auto* comparison = llvm::dyn_cast<llvm::CmpInst>(a[0])) {
        return builder_.CreateCmp(comparison->getInversePredicate(), comparison->getOperand(0),
                                  comparison->getOperand(1));
      }
      return builder_.CreateNot(a[0]);
    case Operation::Where:
    case Operation::Rarely:
      return builder_.CreateSelect(a[0], a[1], a[2]);
    case Operation::BitAnd:
      return builder_.CreateAnd(a[0], a[1]);
    case Operation::BitOr:
      return builder_.CreateOr(a[0], a[1]);
    case Operation::BitXor:
      return builder_.CreateXor(a[0], a[1]);
    case Operation::ShiftLeft:
    case Operation::ShiftRight:
    case Operation::ShiftRightSigned:
      return shift(node.op, node.format, a);
    case Operation::Bits:
    case Operation::FromBits:
      return builder_.CreateBitCast(a[0], type);
    // Frozen, because LLVM's conversion is poison where the processor's is merely some number.
    case Operation::ToInteger:
      return builder_.CreateFreeze(builder_.CreateFPToSI(a[0], type));
    case Operation::ToFloat:
      return builder_.CreateSIToFP(a[0], type);
    case Operation::ToBinary32:
    case Operation::ToBinary64:
      return builder_.CreateFPCast(a[0], type);
    case Operation::ToInt32:
    case Operation::ToInt64:
      return builder_.CreateSExtOrTrunc(a[0], type);
    case Operation::Table:
      return table(graph, id, a[0]);
    case Operation::Constant:
    case Operation::Input:
    case Operation::Parameter:
    case Operation::Columns:
    case Operation::ColumnIndex:
    case Operation::UnitRandom:
    case Operation::Sum:
    case Operation::Largest:
    case Operation::Smallest:
    case Operation::Infinity:
    case Operation::NotANumber:
    case Operation::Pi:
    case Operation::E:
    case Operation::RealExp:
    case Operation::RealLog:
    case Operation::RealLog1p:
    case Operation::RealExpm1:
    case Operation::RealTanh:
    case Operation::RealErf:
    case Operation::RealErfc:
    case Operation::RealSin:
    case Operation::RealCos:
    case Operation::RealAtan:
    case Operation::RealPow:
    case Operation::Detach:
    case Operation::Call:
      assert(false && "a leaf, or not lowered");
      break;
  }
  return nullptr;
}

}  // namespace actc::jit
