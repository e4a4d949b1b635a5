// SPDX-License-Identifier: BSL-1.0
#include <boost/test/unit_test.hpp>
#include <coroutine>
#include <memory>
#include <stdexcept>
#include <string>
#include <tidemark/memory_scope.hpp>
#include <tidemark/objects/from_resource.hpp>
#include <tidemark/testing/checked_upstream.hpp>
#include <utility>

using namespace tidemark;
using tidemark::testing::checked_upstream;

namespace {

class task {
 public:
  struct promise_type : from_resource {
    task get_return_object() {
      return task{std::coroutine_handle<promise_type>::from_promise(*this)};
    }
    std::suspend_always initial_suspend() noexcept { return {}; }
    std::suspend_always final_suspend() noexcept { return {}; }
    void return_value(std::size_t v) { value = v; }
    void unhandled_exception() { throw; }
    std::size_t value = 0;
  };

  task(task&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
  task& operator=(task&&) = delete;
  ~task() {
    if (handle_) handle_.destroy();
  }
  std::size_t run() {
    handle_.resume();
    return handle_.promise().value;
  }

 private:
  explicit task(std::coroutine_handle<promise_type> handle) : handle_(handle) {}
  std::coroutine_handle<promise_type> handle_;
};

// Never inline: the compiler might place the frame in its caller's, and ask nobody.
[[gnu::noinline]] task length(std::allocator_arg_t, std::pmr::memory_resource*, std::string text) {
  co_return text.size();
}
[[gnu::noinline]] task in_allocator(std::allocator_arg_t, std::pmr::polymorphic_allocator<>) {
  co_return 3;
}
[[gnu::noinline]] task in_scope(std::allocator_arg_t, frame_scope&, int,
                                std::unique_ptr<int> last) {
  co_return static_cast<std::size_t>(*last);
}
[[gnu::noinline]] task without(int value) { co_return static_cast<std::size_t>(value); }

// The longest list of parameters that is looked at: twelve after the resource.
[[gnu::noinline]] task sum(std::allocator_arg_t, std::pmr::memory_resource*, int a, int b, int c,
                           int d, int e, int f, int g, int h, int i, int j, int k, int l) {
  co_return static_cast<std::size_t>(a + b + c + d + e + f + g + h + i + j + k + l);
}

struct parser {
  std::size_t base;
  [[gnu::noinline]] task parse(std::allocator_arg_t, std::pmr::memory_resource*,
                               std::size_t more) const {
    co_return base + more;
  }
};

std::size_t run(task t) { return t.run(); }

}  // namespace

BOOST_AUTO_TEST_CASE(the_frame_comes_from_the_resource_and_goes_back) {
  checked_upstream upstream;
  BOOST_TEST(run(length(std::allocator_arg, &upstream, std::string(50, 'x'))) == 50U);
  BOOST_TEST(upstream.calls() == 1U);
  BOOST_TEST(upstream.complaint() == "");
}

BOOST_AUTO_TEST_CASE(an_allocator_or_a_scope_is_a_place_too) {
  checked_upstream upstream;
  BOOST_TEST(run(in_allocator(std::allocator_arg, &upstream)) == 3U);
  BOOST_TEST(upstream.calls() == 1U);
  BOOST_TEST(upstream.complaint() == "");
  BOOST_TEST(run(sum(std::allocator_arg, &upstream, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12)) == 78U);
  BOOST_TEST(upstream.calls() == 2U);
  frame_resource frame{&upstream};
  memory_scope scope{frame};
  BOOST_TEST(run(in_scope(std::allocator_arg, scope, 1, std::make_unique<int>(9))) == 9U);
  BOOST_TEST(run(length(std::allocator_arg, scope, "four")) == 4U);
  BOOST_TEST(frame.stats().upstream_calls == 1U);
}

BOOST_AUTO_TEST_CASE(members_and_lambdas_name_the_resource_after_the_object) {
  checked_upstream upstream;
  parser const p{30};
  BOOST_TEST(run(p.parse(std::allocator_arg, &upstream, 4)) == 34U);
  auto const lambda =
      [&](std::allocator_arg_t, std::pmr::memory_resource*, int n)
          __attribute__((noinline)) -> task { co_return p.base + static_cast<std::size_t>(n); };
  BOOST_TEST(run(lambda(std::allocator_arg, &upstream, 5)) == 35U);
  BOOST_TEST(upstream.calls() == 2U);
  BOOST_TEST(upstream.complaint() == "");
}

BOOST_AUTO_TEST_CASE(without_a_resource_the_default_one_is_asked) {
  checked_upstream upstream;
  auto* const former = std::pmr::set_default_resource(&upstream);
  auto made = without(8);
  std::pmr::set_default_resource(former);  // the frame remembers
  BOOST_TEST(run(std::move(made)) == 8U);
  BOOST_TEST(upstream.calls() == 1U);
  BOOST_TEST(upstream.complaint() == "");
}

BOOST_AUTO_TEST_CASE(a_resource_without_memory_throws_at_the_call) {
  checked_upstream upstream;
  upstream.fail_at(1);
  BOOST_CHECK_THROW(run(length(std::allocator_arg, &upstream, "text")), std::bad_alloc);
  BOOST_TEST(upstream.complaint() == "");
}

BOOST_AUTO_TEST_CASE(a_frame_of_any_size_finds_its_resource) {
  checked_upstream upstream;
  for (std::size_t const bytes : {1U, 3U, 17U, 64U, 1001U}) {
    void* const frame = from_resource::operator new(bytes, std::allocator_arg,
                                                    std::pmr::polymorphic_allocator<>{&upstream});
    BOOST_TEST(reinterpret_cast<std::uintptr_t>(frame) % alignof(std::max_align_t) == 0U);
    from_resource::operator delete(frame, bytes);
  }
  BOOST_TEST(upstream.calls() == 5U);
  BOOST_TEST(upstream.complaint() == "");
}
