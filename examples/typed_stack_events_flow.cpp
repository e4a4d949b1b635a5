// SPDX-License-Identifier: BSL-1.0

// The flow of memory of a real run, drawn as it happens by who listens to the stack.

#include <algorithm>
#include <cstdlib>
#include <iostream>
#include <sstream>
#include <string_view>
#include <tidemark/tidemark.hpp>

using namespace tidemark;

static void draw(stack_event const& event, void* context) noexcept {
  auto& out = *static_cast<std::ostream*>(context);
  for (std::uint32_t d = 1; d < event.depth; ++d) out << "  |";
  if (event.what == stack_event::action::open) {
    out << "  +- checkpoint " << event.depth << ", opened in line " << event.where.line << '\n';
  } else if (event.what == stack_event::action::acquire) {
    out << "  |-> " << event.bytes << " bytes of " << event.lane << '\n';
  } else {
    out << "  +- rewind, " << event.bytes_in_use << " bytes stay\n";
  }
}

static void compute_step(std::size_t n) { (void)this_thread_stack().acquire<double>(n); }

static void process_chunk(std::size_t n) {
  (void)this_thread_stack().zeros<float>(n);
  compute_step(n);
}

static void refine(std::size_t n) {
  stack_scope own;
  (void)own.acquire<int>(n);
}

static void main_pipeline() {
  stack_scope s;
  process_chunk(10);
  process_chunk(20);
  refine(5);
}

int main() {
  std::ostringstream drawn;
  this_thread_stack().set_trace_handler(&draw, &drawn);
  main_pipeline();
  this_thread_stack().set_trace_handler(nullptr);
  main_pipeline();  // nobody listens, nothing is told
  std::cout << drawn.str();

  std::string_view const text = drawn.view();
  auto const has = [&](std::string_view part) { return text.find(part) != text.npos; };
  bool const right = has("  |-> 40 bytes of float\n  |-> 80 bytes of double\n") &&
                     has("\n  |  |-> 20 bytes of int\n  |  +- rewind, ") &&
                     text.ends_with("\n  +- rewind, 0 bytes stay\n");
  return right && std::ranges::count(text, '\n') == 9 ? EXIT_SUCCESS : EXIT_FAILURE;
}
