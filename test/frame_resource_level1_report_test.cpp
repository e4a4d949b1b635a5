// SPDX-License-Identifier: BSL-1.0

// The whole text of the report of each kind of misuse, as a checked frame makes it.
//
// What calls the frame here are functions with external linkage, which this program exports: their
// names stand in the reports. Each ends with something else than the call, as a tail call would
// leave no trace of it.

#include <boost/test/unit_test.hpp>
#include <cstddef>
#include <memory_resource>
#include <new>
#include <optional>
#include <regex>
#include <sstream>
#include <string>
#include <support/level1.hpp>
#include <tidemark/testing/misuse_recorder.hpp>

using namespace tidemark;
using level1::checked;

std::optional<frame_resource> pool;
std::optional<frame_scope> line;
std::pmr::memory_resource* from = nullptr;
void* block = nullptr;
marker mark;

#define TEST_FUNCTION [[gnu::noinline, gnu::visibility("default")]] void
#define NO_TAIL_CALL asm volatile("" ::: "memory")

TEST_FUNCTION parse_line() {
  line.reset();
  NO_TAIL_CALL;
}
TEST_FUNCTION reply() {
  try {
    block = from->allocate(24);
  } catch (std::bad_alloc const&) {
    block = nullptr;
  }
  NO_TAIL_CALL;
}
TEST_FUNCTION drop() {
  pool->deallocate(block, 24);
  NO_TAIL_CALL;
}
TEST_FUNCTION rewind_by_finalizer() {
  line->reset({"drop.cpp", 9});
  NO_TAIL_CALL;
}

namespace {

constexpr source_location opening{"parse.cpp", 41};
constexpr source_location closing{"parse.cpp", 57};
constexpr source_location use{"reply.cpp", 8};

struct parser {
  testing::misuse_recorder bugs;

  parser() { pool.emplace(checked(frame_owner::thread, "parser")); }
  ~parser() {
    line.reset();
    pool.reset();
  }
  void use_pool(std::pmr::memory_resource& resource) { from = &resource; }
  void open_line() { from = line.emplace(*pool, opening).resource(); }

  // The only report, with # in place of each number after 0x.
  std::string report() const {
    BOOST_REQUIRE(bugs.seen.size() == 1U);
    std::ostringstream text;
    text << bugs.seen[0];
    return std::regex_replace(text.str(), std::regex("0x[0-9a-f]+"), "0x#");
  }
};

}  // namespace

BOOST_FIXTURE_TEST_CASE(stale_marker, parser) {
  mark = pool->checkpoint(opening);
  pool->rewind(mark, closing);
  pool->rewind(mark, use);
  BOOST_TEST(report() ==
             "tidemark: 'parser': a marker that names no open checkpoint\n"
             "  opened parse.cpp:41\n"
             "  closed parse.cpp:57\n"
             "  used reply.cpp:8\n"
             "  to fix it: rewind or keep a marker once, before an outer one is closed; a "
             "memory_scope does");
}

BOOST_FIXTURE_TEST_CASE(foreign_marker, parser) {
  frame_resource another{checked()};
  mark = another.checkpoint(opening);
  pool->rewind(mark, use);
  another.rewind(mark);
  BOOST_TEST(report() ==
             "tidemark: 'parser': a marker of another pool\n"
             "  used reply.cpp:8\n"
             "  to fix it: give a marker back to the pool whose checkpoint() made it");
}

BOOST_FIXTURE_TEST_CASE(out_of_order, parser) {
  mark = pool->checkpoint();
  open_line();
  pool->rewind(mark, use);
  BOOST_TEST(report() ==
             "tidemark: 'parser': closing what lies below an open scope\n"
             "  opened parse.cpp:41\n"
             "  used reply.cpp:8\n"
             "  to fix it: let inner scopes end first; an open memory_scope cannot be closed from "
             "below");
}

BOOST_FIXTURE_TEST_CASE(wrong_thread, parser) {
  open_line();
  level1::elsewhere([] { reply(); });
  BOOST_TEST(report() ==
             "tidemark: 'parser': use from a thread that does not own it\n"
             "  opened parse.cpp:41\n"
             "  used in reply()+0x#\n"
             "  to fix it: open and use its scopes on one thread, or take a pool that is made for "
             "many");
}

BOOST_FIXTURE_TEST_CASE(scope_closed, parser) {
  open_line();
  parse_line();
  reply();
  BOOST_TEST(report() ==
             "tidemark: 'parser': allocation in a closed scope\n"
             "  opened parse.cpp:41\n"
             "  closed in parse_line()+0x#\n"
             "  used in reply()+0x#\n"
             "  to fix it: let the container end before its scope, or take its memory from an "
             "outer scope or unscoped()");
}

BOOST_FIXTURE_TEST_CASE(double_free, parser) {
  use_pool(*pool);
  reply();
  drop();
  drop();
  BOOST_TEST(report() ==
             "tidemark: 'parser': a block freed twice\n"
             "  block 0x#\n"
             "  used in drop()+0x#\n"
             "  to fix it: free a block once, through its one owner");
}

BOOST_FIXTURE_TEST_CASE(foreign_block, parser) {
  use_pool(*std::pmr::new_delete_resource());
  reply();
  drop();
  from->deallocate(block, 24);
  BOOST_TEST(report() ==
             "tidemark: 'parser': a free of a block that it did not allocate\n"
             "  block 0x#\n"
             "  used in drop()+0x#\n"
             "  to fix it: free a block through the resource that allocated it, with the same size "
             "and alignment");
}

BOOST_FIXTURE_TEST_CASE(rewind_in_finalizer, parser) {
  struct guard {
    guard() = default;
    ~guard() { rewind_by_finalizer(); }
    char nothing = 0;
  };
  open_line();
  static_cast<void>(line->make<guard>());
  parse_line();
  BOOST_TEST(report() ==
             "tidemark: 'parser': a rewind from a destructor that a rewind is running\n"
             "  opened parse.cpp:41\n"
             "  used drop.cpp:9\n"
             "  to fix it: close marks outside the destructors of objects that the pool owns");
}

BOOST_FIXTURE_TEST_CASE(concurrent_use, parser) {
  level1::inviting_upstream upstream;
  pool.emplace(checked(frame_owner::lease, "parser"), &upstream);
  use_pool(*pool);
  upstream.during = [] { level1::elsewhere([] { reply(); }); };
  static_cast<void>(pool->allocate(100));
  pool.reset();  // before its upstream
  BOOST_TEST(report() ==
             "tidemark: 'parser': use by two threads at once\n"
             "  used in reply()+0x#\n"
             "  to fix it: let one thread at a time use it, or take a pool that is made for many");
}

BOOST_FIXTURE_TEST_CASE(outlived, parser) {
  open_line();
  reply();
  parse_line();
  drop();
  BOOST_TEST(report() ==
             "tidemark: 'parser': a free of a block whose scope is closed\n"
             "  block 0x#\n"
             "  opened parse.cpp:41\n"
             "  closed in parse_line()+0x#\n"
             "  used in drop()+0x#\n"
             "  to fix it: let the owner of the block end before its scope, or allocate it in an "
             "outer scope");
}

BOOST_FIXTURE_TEST_CASE(overrun, parser) {
  open_line();
  reply();
  level1::scribble(block, 25);
  parse_line();
  BOOST_TEST(report() ==
             "tidemark: 'parser': a write behind the end of a block\n"
             "  block 0x#\n"
             "  opened parse.cpp:41\n"
             "  used in parse_line()+0x#\n"
             "  to fix it: compare the size that was asked for with what is written");
}
