// What a loop does with some vectors: the steps of its schedule, then the stores or reductions. All
// loads stand before the stores, so outputs may be inputs.
#include <algorithm>
#include <array>
#include <map>
#include <tuple>

#include "jit/kernel_writer.h"

namespace actc::jit {

llvm::Value* KernelWriter::address(const Array& array, const Place& place, unsigned vector) {
  if (has_rows_in_lanes()) {
    llvm::Value* row = row_address(array, vector);
    return builder_.CreateGEP(builder_.getInt8Ty(), row,
                              builder_.CreateMul(place.first, array.column_stride));
  }
  if (array.storage == Storage::bit) {
    llvm::Value* byte = builder_.CreateLShr(place.first, 3);
    return builder_.CreateGEP(builder_.getInt8Ty(), array.data,
                              builder_.CreateAdd(byte, i64(vector)));
  }
  llvm::Type* element = builder_.getIntNTy(8 * bytes_of(array.storage));
  llvm::Value* first = builder_.CreateGEP(element, array.data, place.first);
  return vector == 0 ? first
                     : builder_.CreateConstGEP1_64(element, first, std::uint64_t{vector} * lanes_);
}

void KernelWriter::emit_body(const Place& place) {
  values_.assign(graph_.size() * max_in_flight, nullptr);
  if (draws_) emit_draws(place);
  emit_region(loop_->schedule.body, place);
  if (!reductions_.empty()) {
    emit_reductions(place);
    const bool keeps = plan_.kept && loop_ == &plan_.loops.back() - 1;
    for (unsigned vector = 0; keeps && vector < place.vectors; ++vector) {
      const Array& output = row_outputs_[*only_elements()];
      arrays_.store(output.storage, operand(*plan_.kept, vector), address(output, place, vector),
                    place.lanes, place.stores);
    }
    return;
  }
  for (Total& total : totals_) {
    if (has_rows_in_lanes() && totals_columns(total)) {
      add_to_column(total, place);
      continue;
    }
    for (unsigned vector = 0; vector < place.vectors; ++vector) {
      if (totals_columns(total)) add_to_columns(total, place, vector);
      if (!sums_elements(total)) continue;
      total.reduction->take(vector, operand(total.summed, vector), place.lanes.mask);
    }
  }
  store_outputs(place);
}

// What is rounded by an instruction that takes subnormal numbers for 0 is rounded otherwise where
// there is such a number.
void KernelWriter::store_outputs(const Place& place) {
  const auto store_all = [&](Rounding rounding) {
    for (std::size_t k = 0; k < outputs_.size(); ++k) {
      if (stored(k) != Stored::elements) continue;
      assert(graph_[outputs_[k]].format == spec_.format);
      for (unsigned vector = 0; vector < place.vectors; ++vector) {
        store_output(k, place, vector, rounding);
      }
    }
  };
  llvm::Value* subnormal = any_subnormal(place);
  if (subnormal == nullptr) return store_all(Rounding::integers);
  llvm::BasicBlock* some = block("subnormal");
  llvm::BasicBlock* none = block("normal");
  llvm::BasicBlock* after = block("stored");
  builder_.CreateCondBr(subnormal, some, none,
                        llvm::MDBuilder(context_).createUnlikelyBranchWeights());
  builder_.SetInsertPoint(some);
  store_all(Rounding::integers);
  builder_.CreateBr(after);
  builder_.SetInsertPoint(none);
  store_all(Rounding::instruction);
  builder_.CreateBr(after);
  builder_.SetInsertPoint(after);
}

// Is there a subnormal number among what the instruction would round? Null where it rounds nothing.
llvm::Value* KernelWriter::any_subnormal(const Place& place) {
  if (!in_pairs(place) || !arrays_.can_round_by_instruction()) return nullptr;
  llvm::Value* any = nullptr;
  for (std::size_t k = 0; k < outputs_.size(); ++k) {
    if (stored(k) != Stored::elements || exact_[outputs_[k]]) continue;
    for (unsigned vector = 0; vector < place.vectors; ++vector) {
      llvm::Value* one = arrays_.is_subnormal(operand(outputs_[k], vector));
      any = any == nullptr ? one : builder_.CreateOr(any, one);
    }
  }
  return any == nullptr ? nullptr : builder_.CreateOrReduce(any);
}

void KernelWriter::add_to_columns(const Total& total, const Place& place, unsigned vector) {
  const Array& output = row_outputs_[total.output];
  llvm::Value* term = operand(total.summed, vector);
  llvm::Value* high = address(output, place, vector);
  const auto load = [&](llvm::Value* from) {
    return arrays_.load(Storage::binary64, from, place.lanes);
  };
  const auto store = [&](llvm::Value* value, llvm::Value* to) {
    arrays_.store(Storage::binary64, value, to, place.lanes, StoreKind::cached);
  };
  llvm::Value* before = load(high);
  if (spec_.format == Format::binary32) {
    store(builder_.CreateFAdd(before, builder_.CreateFPExt(term, before->getType())), high);
    return;
  }
  llvm::Value* low = builder_.CreateGEP(builder_.getInt8Ty(), high, output.row_stride);
  const auto [sum, error] = rounded_away(builder_, before, term);
  store(sum, high);
  store(builder_.CreateFAdd(load(low), error), low);
}

void KernelWriter::emit_reductions(const Place& place) {
  for (std::size_t k = 0; k < reductions_.size(); ++k) {
    const NodeId reduced = graph_.arg(loop_->reductions[k], 0);
    const bool product = graph_[reduced].op == Operation::Mul && reductions_[k].takes_products();
    // Lanes that are rows which do not exist have sums of their own.
    llvm::Value* mask = has_rows_in_lanes() ? nullptr : place.lanes.mask;
    for (unsigned vector = 0; vector < place.vectors; ++vector) {
      if (product) {
        reductions_[k].take_product(vector, operand(graph_.arg(reduced, 0), vector),
                                    operand(graph_.arg(reduced, 1), vector), mask);
      } else {
        reductions_[k].take(vector, operand(reduced, vector), mask);
      }
    }
  }
}

llvm::Value* KernelWriter::column_index(const Place& place, unsigned vector) {
  llvm::Type* type = type_of(context_, spec_.format, 0);
  if (has_rows_in_lanes()) {
    return builder_.CreateVectorSplat(lanes_, builder_.CreateUIToFP(place.first, type));
  }
  llvm::Value* first = builder_.CreateUIToFP(
      builder_.CreateAdd(place.first, i64(std::uint64_t{vector} * lanes_)), type);
  std::vector<llvm::Constant*> numbers;
  for (unsigned k = 0; k < lanes_; ++k) numbers.push_back(llvm::ConstantFP::get(type, k));
  return builder_.CreateFAdd(builder_.CreateVectorSplat(lanes_, first),
                             llvm::ConstantVector::get(numbers));
}

// Before all else: several streams may share a block, and rare blocks draw nothing of their own.
void KernelWriter::emit_draws(const Place& place) {
  std::map<std::uint32_t, std::vector<NodeId>> by_block;
  for (const NodeId id : loop_->schedule.draws) {
    by_block[ir::draw_place(graph_[id].payload, draws_->words()).block].push_back(id);
  }
  std::size_t in_block = 0;
  for (unsigned vector = 0; vector < place.vectors; ++vector) {
    llvm::Value* lanes_before = i64(std::uint64_t{vector} * lanes_);
    llvm::Value* column =
        has_rows_in_lanes() ? place.first : builder_.CreateAdd(place.first, lanes_before);
    llvm::Value* index = builder_.CreateAdd(row_place_, builder_.CreateMul(column, place_step_));
    if (has_rows_in_lanes()) {
      index = builder_.CreateAdd(index, builder_.CreateMul(lanes_before, row_step_));
    }
    for (const auto& [number, ids] : by_block) {
      cut_block(in_block, philox_instructions);
      const DrawEmitter::Block block = draws_->block(index, number);
      for (const NodeId id : ids) value(id, vector) = draws_->unit(block, graph_[id].payload);
    }
  }
}

void KernelWriter::load_input(NodeId id, const Place& place, unsigned vector) {
  const Array& input = row_inputs_[graph_[id].payload];
  if (has_rows_in_lanes() && graph_[id].shape == Shape::column) {
    value(id, vector) = load_for_all_rows(input, place.first);
    return;
  }
  if (!in_pairs(place)) {
    llvm::Value* loaded = arrays_.load(input.storage, address(input, place, vector), place.lanes);
    const bool narrow = input.storage == Storage::bit && spec_.format == Format::binary64;
    value(id, vector) =
        narrow ? builder_.CreateFPExt(loaded, type_of(context_, spec_.format, lanes_)) : loaded;
  } else if (vector % 2 == 0) {
    std::tie(value(id, vector), value(id, vector + 1)) =
        arrays_.load_pairs(address(input, place, vector), lanes_);
  }
}

void KernelWriter::store_output(std::size_t k, const Place& place, unsigned vector,
                                Rounding rounding) {
  const Array& output = row_outputs_[k];
  if (place.stores == StoreKind::streaming && stores_parts() && output.storage != Storage::bit) {
    stream_in_parts(output, operand(outputs_[k], vector), address(output, place, vector));
  } else if (!in_pairs(place)) {
    arrays_.store(output.storage, operand(outputs_[k], vector), address(output, place, vector),
                  place.lanes, place.stores);
  } else if (vector % 2 == 0) {
    arrays_.store_pairs(operand(outputs_[k], vector), operand(outputs_[k], vector + 1),
                        address(output, place, vector), place.stores,
                        exact_[outputs_[k]] ? Rounding::none : rounding);
  }
}

// What only chooses among inputs and such constants, but for signs.
void KernelWriter::find_exact() {
  exact_.assign(graph_.size(), false);
  const auto all = [&](std::span<const NodeId> nodes) {
    return std::ranges::all_of(nodes, [&](NodeId id) { return exact_[id]; });
  };
  for (NodeId id = 0; id < graph_.size(); ++id) {
    switch (graph_[id].op) {
      case Operation::Input:
        exact_[id] = true;
        break;
      case Operation::Constant: {
        const auto* number = llvm::dyn_cast<llvm::ConstantFP>(constant_of(context_, graph_, id));
        if (number == nullptr || graph_[id].format != Format::binary32) break;
        constexpr std::uint64_t lower_half = 0xffff;
        exact_[id] = (number->getValueAPF().bitcastToAPInt().getZExtValue() & lower_half) == 0;
        break;
      }
      case Operation::Abs:
      case Operation::Neg:
      case Operation::Min:
      case Operation::Max:
      case Operation::CopySign:
        exact_[id] = all(graph_.args(id));
        break;
      case Operation::Where:
      case Operation::Rarely:
        exact_[id] = graph_[id].format == Format::binary32 && all(graph_.args(id).subspan(1));
        break;
      default:
        break;
    }
  }
}

void KernelWriter::emit_region(const Region& region, const Place& place) {
  std::vector<llvm::Value*> args;
  std::size_t in_block = 0;
  for (const Step& step : region) {
    cut_block(in_block);
    if (step.is_group) {
      emit_group(loop_->schedule.groups[step.index], place);
      continue;
    }
    const NodeId id = step.index;
    if (graph_[id].op == Operation::UnitRandom) continue;  // drawn
    for (unsigned vector = 0; vector < place.vectors; ++vector) {
      if (graph_[id].op == Operation::Input) {
        assert(graph_[id].format == spec_.format);
        load_input(id, place, vector);
        continue;
      }
      if (plan_.kept == id && loop_ == &plan_.loops.back()) {
        const Array& output = row_outputs_[*only_elements()];
        value(id, vector) =
            arrays_.load(output.storage, address(output, place, vector), place.lanes);
        continue;
      }
      if (graph_[id].op == Operation::ColumnIndex) {
        value(id, vector) = column_index(place, vector);
        continue;
      }
      args.clear();
      for (const NodeId a : graph_.args(id)) args.push_back(operand(a, vector));
      value(id, vector) = emitter_.emit(graph_, id, args);
    }
  }
}

void KernelWriter::emit_group(const RareGroup& group, const Place& place) {
  const auto choose = [&](NodeId member, unsigned vector) {
    return builder_.CreateSelect(operand(group.condition, vector),
                                 operand(graph_.arg(member, 1), vector),
                                 operand(graph_.arg(member, 2), vector));
  };
  if (group.region.empty()) {
    for (const NodeId member : group.members) {
      for (unsigned vector = 0; vector < place.vectors; ++vector) {
        value(member, vector) = choose(member, vector);
      }
    }
    return;
  }

  llvm::Value* any = operand(group.condition, 0);
  for (unsigned vector = 1; vector < place.vectors; ++vector) {
    any = builder_.CreateOr(any, operand(group.condition, vector));
  }
  llvm::BasicBlock* before = builder_.GetInsertBlock();
  llvm::BasicBlock* rare = block("rare");
  llvm::BasicBlock* after = block("after_rare");
  builder_.CreateCondBr(builder_.CreateOrReduce(any), rare, after,
                        llvm::MDBuilder(context_).createUnlikelyBranchWeights());

  builder_.SetInsertPoint(rare);
  emit_region(group.region, place);
  std::vector<llvm::Value*> chosen;
  for (const NodeId member : group.members) {
    for (unsigned vector = 0; vector < place.vectors; ++vector) {
      chosen.push_back(choose(member, vector));
    }
  }
  llvm::BasicBlock* rare_end = builder_.GetInsertBlock();
  builder_.CreateBr(after);

  builder_.SetInsertPoint(after);
  std::size_t next = 0;
  for (const NodeId member : group.members) {
    for (unsigned vector = 0; vector < place.vectors; ++vector) {
      llvm::PHINode* phi = builder_.CreatePHI(chosen[next]->getType(), 2);
      phi->addIncoming(operand(graph_.arg(member, 2), vector), before);
      phi->addIncoming(chosen[next++], rare_end);
      value(member, vector) = phi;
    }
  }
}

}  // namespace actc::jit
