// SPDX-License-Identifier: BSL-1.0
#pragma once

// What the model must know of a thread-local pool, and what other threads do to it meanwhile.
//
// Thread rule: one thread; the others do one thing at a time, while that one waits.

#include <algorithm>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory_resource>
#include <mutex>
#include <optional>
#include <thread>
#include <tidemark/check_level.hpp>
#include <tidemark/detail/poison.hpp>
#include <tidemark/detail/size_classes.hpp>
#include <tidemark/stats.hpp>
#include <tidemark/thread_local_resource.hpp>
#include <utility>
#include <vector>

#include "model_blocks.hpp"
#include "model_source.hpp"

namespace model {

/// A thread that does what it is told, and lives on between.
class companion {
 public:
  ~companion() {
    run(nullptr);
    thread_.join();
  }
  /// Waits until it is done; null ends the thread.
  void run(std::function<void()> job) {
    std::unique_lock lock{mutex_};
    job_ = std::move(job);
    has_job_ = true;
    changed_.notify_all();
    changed_.wait(lock, [this] { return !has_job_; });
  }

 private:
  void work() {
    std::unique_lock lock{mutex_};
    for (bool ends = false; !ends;) {
      changed_.wait(lock, [this] { return has_job_; });
      ends = job_ == nullptr;
      if (!ends) job_();
      has_job_ = false;
      changed_.notify_all();
    }
  }

  std::mutex mutex_;  // guards all below
  std::condition_variable changed_;
  std::function<void()> job_;
  bool has_job_ = false;
  std::thread thread_{[this] { work(); }};
};

template <class State>
struct thread_commands {
  static constexpr std::uint32_t chances = 4;  // in 200

  State& s;

  void check() const noexcept {}
  void step() {
    switch (s.source.below(8)) {
      case 0:
        return use_marks_elsewhere();
      case 1:
        return live_and_end();
      default:
        free_elsewhere();
    }
  }

 private:
  /// Blocks of any scope, freed by a thread that does nothing else.
  void free_elsewhere() {
    std::vector<block> freed;
    for (std::uint32_t n = 1 + s.source.below(12); n != 0 && s.blocks.size() != 0; --n) {
      std::size_t const index = s.source.below(static_cast<std::uint32_t>(s.blocks.size()));
      if (!s.blocks[index].filled) continue;  // a container's
      freed.push_back(s.blocks[index]);
      s.disturb(s.blocks[index].depth);
      s.blocks.remove(index);
    }
    auto const before = s.pool().stats();
    s.instance.other().run([&] {
      for (block const& each : freed) s.pool().deallocate(each.begin, each.bytes, each.alignment);
    });
    auto const after = s.pool().stats();
    require(after.bytes_reserved == before.bytes_reserved, "a free by another thread took memory");
    require(after.upstream_calls == before.upstream_calls, "it asked upstream");
  }

  /// Markers are no use to that thread.
  void use_marks_elsewhere() {
    if (s.depth() == 0) return;
    auto const& l = s.levels[1 + s.source.below(s.depth())];
    if (l.scoped) return;
    auto const before = s.pool().stats();
    for (int i = 0; i < 3; ++i) s.expect(tidemark::misuse_kind::wrong_thread);
    s.instance.other().run([&] {
      s.pool().rewind(l.mark);
      s.pool().keep(l.mark);
      require(s.base().resource_of(l.mark) == std::pmr::null_memory_resource(), "it has one");
    });
    require(s.pool().stats() == before, "a marker did something in another thread");
  }

  /// A thread that leaves a heap without live blocks, whose memory others may take.
  void live_and_end() {
    std::size_t const bytes = std::size_t{1} << s.source.below(17);
    std::uint32_t const count = s.source.below(100);
    std::thread{[&] {
      std::vector<void*> taken;
      for (std::uint32_t i = 0; i < count; ++i) {
        if (void* const got = s.pool().try_allocate(bytes)) taken.push_back(got);
      }
      for (void* const each : taken) s.pool().deallocate(each, bytes);
    }}.join();
  }
};

struct local_traits {
  using pool = tidemark::thread_local_resource;
  static constexpr bool bare_is_innermost = false;  // it is no checkpoint's
  static constexpr bool repeatable = false;
  static constexpr bool frees_anywhere = true;
  struct ledger {};
  template <class State>
  using commands = thread_commands<State>;

  /// A pool with options drawn at random, over `upstream`.
  class instance {
   public:
    instance(command_source& source, tidemark::check_level level,
             std::pmr::memory_resource* upstream)
        : red_zone_(tidemark::checks_enabled(level) ? tidemark::detail::red_zone_bytes : 0) {
      tidemark::thread_local_options options{.name = "model", .check = level};
      if (source.one_in(3)) options.largest_pooled_bytes = 1 + source.below(40'000);
      if (source.one_in(4)) options.max_idle_bytes = source.below(1U << 20U);
      limited_ = source.one_in(8);
      if (limited_) options.limit_bytes = 100'000 + source.below(1U << 20U);
      std::size_t const wanted = std::min(options.largest_pooled_bytes, classes::largest_bytes);
      largest_pooled_bytes_ = classes::bytes(classes::of(wanted - 1));
      pool_.emplace(options, upstream);
    }

    tidemark::thread_local_resource& pool() noexcept { return *pool_; }
    companion& other() noexcept { return other_; }
    bool limited() const noexcept { return limited_; }
    bool requires_scope() const noexcept { return false; }
    void destroy() noexcept { pool_.reset(); }

    /// What a block takes of bytes_in_use.
    std::size_t charge(std::size_t bytes, std::size_t alignment) const noexcept {
      std::size_t const least = std::max<std::size_t>(bytes, 1);
      std::size_t const whole = (least + alignment - 1) / alignment * alignment;
      bool const pooled = whole <= largest_pooled_bytes_ && alignment <= classes::largest_alignment;
      return pooled ? classes::bytes(classes::of(whole - 1))
                    : std::max<std::size_t>(whole + red_zone_, 16);
    }

   private:
    using classes = tidemark::detail::size_classes;

    std::optional<tidemark::thread_local_resource> pool_;
    companion other_;
    std::size_t red_zone_;
    std::size_t largest_pooled_bytes_ = 0;
    bool limited_ = false;
  };

  static tidemark::resource_stats block_stats(pool const& blocks) { return blocks.stats(); }
};

}  // namespace model
