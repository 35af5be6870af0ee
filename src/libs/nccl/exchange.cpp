// See exchange.h.
#include "libs/nccl/exchange.h"

#include <immintrin.h>
#include <sched.h>
#include <time.h>

#include <algorithm>
#include <cstring>

#include "base/log.h"

namespace ppu::nccl {
namespace {

constexpr size_t kUnit = 16;

size_t padded(size_t bytes) {
  return (bytes + kUnit - 1) / kUnit * kUnit;
}

/// Waits a little longer each time: the other side may need the CPU that we would spin on.
void idle(unsigned turn) {
  if (turn < 64) return _mm_pause();
  if (turn < 192) {
    ::sched_yield();
    return;
  }
  const timespec pause = {0, turn < 1000 ? 10'000 : 100'000};
  ::nanosleep(&pause, nullptr);
}

}  // namespace

bool Exchange::Outgoing::over() const {
  return done == sizeof(Header) + padded(header.bytes);
}
bool Exchange::Incoming::over() const {
  return begun && done == padded(bytes);
}

void Exchange::send(Link& link, const void* from, size_t bytes) {
  Outgoing m = {&link, {}, static_cast<const std::byte*>(from)};
  m.header.bytes = bytes;
  outgoing_.push_back(m);
}

void Exchange::receive(Link& link, void* to, size_t bytes) {
  receive(link, bytes, [at = static_cast<std::byte*>(to)](const std::byte* from, size_t n) mutable {
    std::memcpy(at, from, n);
    at += n;
  });
}

void Exchange::receive(Link& link, size_t bytes, std::function<void(const std::byte*, size_t)> take) {
  incoming_.push_back({&link, bytes, std::move(take)});
}

bool Exchange::step(Outgoing& m) {
  constexpr std::byte kPadding[kUnit] = {};
  const size_t head = sizeof(Header), body = head + m.header.bytes;
  const std::byte* from = m.done < head   ? reinterpret_cast<const std::byte*>(&m.header) + m.done
                          : m.done < body ? m.at + (m.done - head)
                                          : kPadding;
  const size_t end = m.done < head ? head : m.done < body ? body : head + padded(m.header.bytes);
  const size_t n = m.link->send_some(from, end - m.done);
  m.done += n;
  return n > 0;
}

bool Exchange::step(Incoming& m, ncclResult_t* result) {
  const std::span<const std::byte> there = m.link->arrived();
  if (!m.begun) {
    if (there.size() < sizeof(Header)) return false;
    Header header;
    std::memcpy(&header, there.data(), sizeof header);
    if (header.magic != Header().magic || header.bytes != m.bytes) {
      log("nccl", LogLevel::kError,
          "a rank sends %zu bytes where this one expects %zu: the calls don't match", size_t(header.bytes),
          m.bytes);
      *result = ncclInvalidUsage;
    }
    m.link->consume(sizeof header);
    m.begun = true;
    return true;
  }
  // Elements aren't split: a part is of whole units, or the last.
  const size_t left = m.bytes - std::min(m.bytes, m.done);
  size_t n = std::min(there.size(), left);
  if (n < left) n -= n % kUnit;
  if (n > 0) {
    m.take(there.data(), n);
  } else if (left == 0) {
    n = std::min(there.size(), padded(m.bytes) - m.done);
  }
  m.link->consume(n);
  m.done += n;
  return n > 0;
}

/// Messages of one link keep their order: only the first unfinished one moves.
template <class Messages, class Step>
bool Exchange::step_all(Messages& messages, Step step, bool* left) {
  bool moved = false;
  for (size_t i = 0; i < messages.size(); ++i) {
    auto& m = messages[i];
    if (m.over()) continue;
    *left = true;
    const auto earlier = [&](const auto& other) { return other.link == m.link && !other.over(); };
    if (std::any_of(messages.begin(), messages.begin() + ptrdiff_t(i), earlier)) continue;
    moved |= step(m);
  }
  return moved;
}

bool Exchange::any_broken() const {
  return std::any_of(outgoing_.begin(), outgoing_.end(),
                     [](const auto& m) { return !m.over() && m.link->broken(); }) ||
         std::any_of(incoming_.begin(), incoming_.end(),
                     [](const auto& m) { return !m.over() && m.link->broken(); });
}

ncclResult_t Exchange::run() {
  ncclResult_t result = ncclSuccess;
  bool was_broken = false;
  for (unsigned turn = 0; result == ncclSuccess;) {
    bool left = false;
    bool moved = step_all(outgoing_, [&](Outgoing& m) { return step(m); }, &left);
    moved |= step_all(incoming_, [&](Incoming& m) { return step(m, &result); }, &left);
    if (!left) return result;
    if (moved) {
      turn = 0, was_broken = false;
      continue;
    }
    if (watch_.aborted->load(std::memory_order_relaxed)) return ncclInternalError;
    idle(++turn);
    if (turn % 512 != 0) continue;
    // What a rank sent before it ended may just have arrived, so that one more look is due.
    if (was_broken) {
      log("nccl", LogLevel::kError, "a rank is gone while others wait for it");
      return ncclRemoteError;
    }
    was_broken = any_broken();
  }
  return result;
}

}  // namespace ppu::nccl
