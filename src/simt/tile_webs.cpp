// See tile_webs.h. Quads that feed each other are joined to webs, a web gets one place in memory, and a
// forward pass over the blocks says which quad each place holds. Every use is then judged by that alone:
// joining too much costs speed, never correctness.
#include "simt/tile_webs.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "llvm/IR/CFG.h"
#include "simt/names.h"

using namespace llvm;

namespace ppu::simt {

TileWebs::TileWebs(const ShapeAnalysis& shapes, const std::set<BasicBlock*>& divergent)
    : shapes_(shapes), divergent_(divergent) {
  collect();
  if (calls_.empty()) return;
  find_current();
  judge_uses();
  place_tiles();
}

TileWebs::Values TileWebs::accumulator(const CallInst* call) const {
  Values c;
  for (unsigned k = 0; k < 4; k++) c[k] = call->getArgOperand(6 + k);
  return c;
}

void TileWebs::collect() {
  std::vector<CallInst*> found;
  for (BasicBlock* b : shapes_.order()) {
    if (divergent_.contains(b)) continue;
    for (Instruction& inst : *b) {
      auto* call = dyn_cast<CallInst>(&inst);
      if (!call || !call->getCalledFunction() || shapes_.of(call).is_unknown()) continue;
      const StringRef name = call->getCalledFunction()->getName();
      const auto kind = name.starts_with(kMmaPrefix) ? tile_kind(name) : std::nullopt;
      if (!kind) continue;
      calls_[call] = int(quads_.size());
      products_[call].kind = *kind;
      webs_.push_back({});
      webs_.back().products[b].push_back(int(quads_.size()));
      quads_.push_back({call, {}, b, int(webs_.size()) - 1, false, {}});
      found.push_back(call);
    }
  }
  for (CallInst* call : found) {
    const int c = quad_of(accumulator(call));
    c_quads_[call] = c;
    if (c != kNone) join(c, calls_.at(call));
  }
  for (Quad& q : quads_) {  // phis that no product came to share
    if (q.call || !webs_[size_t(q.web)].products.empty()) continue;
    for (PHINode*& phi : q.phis) phis_.erase(std::exchange(phi, nullptr));
  }
}

/// The quad that has these components, made of phis if need be.
int TileWebs::quad_of(const Values& values) {
  if (const auto first = component(values[0])) {
    for (unsigned k = 0; k < 4; k++)
      if (component(values[k]) != std::pair(first->first, k)) return kNone;
    return first->first;
  }
  std::array<PHINode*, 4> phis;
  for (unsigned k = 0; k < 4; k++) {
    phis[k] = dyn_cast<PHINode>(values[k]);
    if (!phis[k] || phis[k]->getParent() != phis[0]->getParent() || phis_.contains(phis[k])) return kNone;
    for (unsigned j = 0; j < k; j++)
      if (phis[j] == phis[k]) return kNone;
  }
  return phi_quad(phis);
}

int TileWebs::phi_quad(const std::array<PHINode*, 4>& phis) {
  BasicBlock* block = phis[0]->getParent();
  if (divergent_.contains(block)) return kNone;
  for (PHINode* phi : phis)
    if (!shapes_.of(phi).is_varying()) return kNone;
  for (BasicBlock* p : predecessors(block))
    if (divergent_.contains(p)) return kNone;
  const int quad = int(quads_.size());
  webs_.push_back({});
  webs_.back().phis[block] = quad;
  quads_.push_back({nullptr, phis, block, int(webs_.size()) - 1, false, {}});
  for (unsigned k = 0; k < 4; k++) phis_[phis[k]] = {quad, k};
  for (BasicBlock* p : predecessors(block)) {
    if (!shapes_.reachable(p)) continue;
    Values in;
    for (unsigned k = 0; k < 4; k++) in[k] = phis[k]->getIncomingValueForBlock(p);
    const int from = quad_of(in);
    quads_[size_t(quad)].incoming[p] = from;
    if (from != kNone) join(from, quad);
  }
  return quad;
}

void TileWebs::join(int a, int b) {
  const int to = quads_[size_t(a)].web, from = quads_[size_t(b)].web;
  if (to == from) return;
  Web &x = webs_[size_t(to)], &y = webs_[size_t(from)];
  for (const auto& [block, quad] : y.phis)
    if (x.phis.contains(block)) return;  // both alive at once
  x.phis.insert(y.phis.begin(), y.phis.end());
  for (auto& [block, calls] : y.products) {
    auto& all = x.products[block];
    all.insert(all.end(), calls.begin(), calls.end());
    std::sort(all.begin(), all.end(),
              [&](int p, int q) { return quads_[size_t(p)].call->comesBefore(quads_[size_t(q)].call); });
  }
  y = {};
  for (Quad& q : quads_)
    if (q.web == from) q.web = to;
}

void TileWebs::find_current() {
  constexpr int kUnseen = -2;
  for (Web& w : webs_) {
    if (w.phis.empty() && w.products.empty()) continue;
    for (BasicBlock* b : shapes_.order()) w.in[b] = w.out[b] = kUnseen;
    for (bool changed = true; changed;) {
      changed = false;
      for (BasicBlock* b : shapes_.order()) {
        int in = kUnseen;
        for (BasicBlock* p : predecessors(b)) {
          if (!shapes_.reachable(p)) continue;
          const int from = w.out[p];
          if (from != kUnseen) in = in == kUnseen || in == from ? from : kNone;
        }
        if (b == &shapes_.function.getEntryBlock()) in = kNone;
        if (const auto phi = w.phis.find(b); phi != w.phis.end()) in = phi->second;
        const auto calls = w.products.find(b);
        const int out = calls == w.products.end() ? in : calls->second.back();
        changed |= out != w.out[b] || in != w.in[b];
        w.in[b] = in;
        w.out[b] = out;
      }
    }
  }
}

int TileWebs::current_before(const Quad& quad, const Instruction* at) const {
  const Web& w = webs_[size_t(quad.web)];
  int current = w.in.at(at->getParent());
  if (const auto calls = w.products.find(at->getParent()); calls != w.products.end())
    for (const int q : calls->second)
      if (quads_[size_t(q)].call->comesBefore(at)) current = q;
  return current;
}

int TileWebs::current_after(const Quad& quad, const BasicBlock* block) const {
  return webs_[size_t(quad.web)].out.at(block);
}

/// Whether the web's memory holds `quad` when `use` reads it.
bool TileWebs::held_at(int quad, const Use& use) const {
  const Quad& q = quads_[size_t(quad)];
  auto* user = cast<Instruction>(use.getUser());
  if (auto* phi = dyn_cast<PHINode>(user)) {
    const BasicBlock* from = phi->getIncomingBlock(use);
    return !shapes_.reachable(from) || current_after(q, from) == quad;
  }
  return !shapes_.reachable(user->getParent()) || current_before(q, user) == quad;
}

void TileWebs::judge_uses() {
  for (size_t n = 0; n < quads_.size(); n++) {
    Quad& q = quads_[n];
    const auto judge = [&](const Value* v) {
      for (const Use& use : v->uses())
        if (!isa<ExtractValueInst>(use.getUser()) || !q.call) q.eager |= !held_at(int(n), use);
    };
    for (const PHINode* phi : q.phis)
      if (phi) judge(phi);
    if (!q.call) continue;
    judge(q.call);
    for (const User* u : q.call->users())
      if (isa<ExtractValueInst>(u)) judge(u);
  }
  for (auto& [call, p] : products_) {
    const int c = c_quads_.at(call), own = calls_.at(call);
    p.eager = quads_[size_t(own)].eager;
    p.in_place = c != kNone && quads_[size_t(c)].web == quads_[size_t(own)].web &&
                 current_before(quads_[size_t(own)], call) == c;
  }
}

/// Two webs share a tile if their products go with the same A's.
void TileWebs::place_tiles() {
  std::map<std::vector<const void*>, std::vector<size_t>> alike;
  std::vector<std::vector<const CallInst*>> chains(webs_.size());
  std::vector<std::vector<const void*>> order;
  for (size_t n = 0; n < webs_.size(); n++) {
    std::vector<const void*> key;
    for (BasicBlock* b : shapes_.order()) {
      const auto calls = webs_[n].products.find(b);
      if (calls == webs_[n].products.end()) continue;
      for (const int q : calls->second) {
        const CallInst* call = quads_[size_t(q)].call;
        chains[n].push_back(call);
        key.push_back(b);
        key.push_back(call->getCalledFunction());
        for (unsigned k = 0; k < 4; k++) key.push_back(call->getArgOperand(k));
      }
    }
    if (key.empty()) continue;
    auto& webs = alike[key];
    if (webs.empty()) order.push_back(key);
    webs.push_back(n);
  }
  places_.resize(webs_.size());
  // Columns in one order, whichever way each row's code goes through them: rows share their units of B then.
  std::map<const Value*, size_t> columns;
  for (const Quad& q : quads_)
    if (q.call) columns.try_emplace(q.call->getArgOperand(4), columns.size());
  const auto column = [&](size_t web) {
    return std::pair(columns.at(chains[web].front()->getArgOperand(4)), web);
  };
  for (const auto& key : order) {
    std::vector<size_t>& webs = alike.at(key);
    std::sort(webs.begin(), webs.end(), [&](size_t x, size_t y) { return column(x) < column(y); });
    for (size_t i = 0; i < webs.size(); i++) {
      places_[webs[i]] = {tiles_ + unsigned(i / 2), i % 2 == 1};
      const size_t other = i ^ 1;
      for (size_t k = 0; k < chains[webs[i]].size(); k++) {
        Product& p = products_.at(chains[webs[i]][k]);
        std::tie(p.tile, p.right) = places_[webs[i]];
        if (other < webs.size()) p.partner = chains[webs[other]][k];
      }
    }
    tiles_ += unsigned(webs.size() + 1) / 2;
  }
}

std::optional<std::pair<int, unsigned>> TileWebs::component(const Value* value) const {
  if (const auto* phi = dyn_cast<PHINode>(value)) {
    const auto known = phis_.find(phi);
    return known == phis_.end() ? std::nullopt : std::optional(known->second);
  }
  const auto* extract = dyn_cast<ExtractValueInst>(value);
  const auto* call = extract ? dyn_cast<CallInst>(extract->getAggregateOperand()) : nullptr;
  const auto known = calls_.find(call);
  if (!call || known == calls_.end()) return std::nullopt;
  return std::pair(known->second, extract->getIndices()[0]);
}

const TileWebs::Product* TileWebs::product(const CallInst* call) const {
  const auto known = products_.find(call);
  return known == products_.end() ? nullptr : &known->second;
}

std::optional<TileRegister> TileWebs::place(const Value* call, unsigned k) const {
  const auto* c = dyn_cast<CallInst>(call);
  const auto known = c ? calls_.find(c) : calls_.end();
  if (known == calls_.end() || quads_[size_t(known->second)].eager) return std::nullopt;
  const auto& [tile, right] = places_[size_t(quads_[size_t(known->second)].web)];
  return TileRegister{tile, right, k};
}

std::optional<TileRegister> TileWebs::place(const Value* value) const {
  const auto c = component(value);
  if (!c || quads_[size_t(c->first)].eager) return std::nullopt;
  const auto& [tile, right] = places_[size_t(quads_[size_t(c->first)].web)];
  return TileRegister{tile, right, c->second};
}

std::optional<TileRegister> TileWebs::phi(const PHINode* phi) const {
  const auto known = phis_.find(phi);
  if (known == phis_.end()) return std::nullopt;
  const auto& [tile, right] = places_[size_t(quads_[size_t(known->second.first)].web)];
  return TileRegister{tile, right, known->second.second};
}

bool TileWebs::flows(const PHINode* phi, const BasicBlock* from) const {
  const Quad& q = quads_[size_t(phis_.at(phi).first)];
  const auto in = q.incoming.find(from);
  return in != q.incoming.end() && in->second != kNone && quads_[size_t(in->second)].web == q.web &&
         current_after(q, from) == in->second;
}

}  // namespace ppu::simt
