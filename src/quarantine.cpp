// SPDX-License-Identifier: BSL-1.0
#include <array>
#include <charconv>
#include <cstring>
#include <string_view>
#include <tidemark/detail/alignment.hpp>
#include <tidemark/detail/fault_table.hpp>
#include <tidemark/quarantine.hpp>

#if __has_include(<sys/mman.h>)
#include <unistd.h>

#include <csignal>
#include <mutex>
#endif

namespace tidemark {

#if __has_include(<sys/mman.h>)
namespace {

constexpr std::array watched{SIGSEGV, SIGBUS};
constinit std::mutex install_mutex;
constinit bool installed = false;                           // guarded by install_mutex
constinit std::array<struct sigaction, 2> former_action{};  // written before the handler is set

// Only write(2): nothing else here may be called while the program is in any state.
void print(std::string_view text) noexcept {
  static_cast<void>(!::write(STDERR_FILENO, text.data(), text.size()));
}

void print_number(std::uintptr_t number, int base) noexcept {
  std::array<char, 24> digits;
  char const* const end =
      std::to_chars(digits.data(), digits.data() + digits.size(), number, base).ptr;
  print({digits.data(), static_cast<std::size_t>(end - digits.data())});
}

void print_place(std::string_view what, source_location place) noexcept {
  if (!place) return;
  print("\n  ");
  print(what);
  print(" ");
  print(place.file);
  print(":");
  print_number(place.line, 10);
}

void report(void const* address, detail::fault_place const& place) noexcept {
  print("tidemark: ");
  if (place.name[0] != '\0') {
    print("'");
    print(place.name);
    print("': ");
  }
  print("access to memory of a scope that is closed\n  address 0x");
  print_number(detail::address_of(address), 16);
  print_place("opened", place.opened);
  print_place("closed", place.closed);
  if (!place.closed && place.closed_by[0] != '\0') {
    print("\n  closed in ");
    print(place.closed_by);
  }
  print("\n  to fix it: let pointers and containers end before their scope\n");
}

void on_fault(int signal, siginfo_t* info, void* context) {
  detail::fault_place place;
  if (detail::find_fault_range(info->si_addr, place)) report(info->si_addr, place);
  struct sigaction const& next = former_action[signal == SIGSEGV ? 0 : 1];
  if ((next.sa_flags & SA_SIGINFO) != 0 && next.sa_sigaction != nullptr) {
    next.sa_sigaction(signal, info, context);
  } else if (next.sa_handler != SIG_DFL && next.sa_handler != SIG_IGN) {
    next.sa_handler(signal);
  } else {  // the access is tried again and ends the program as it would have
    struct sigaction standard{};
    standard.sa_handler = SIG_DFL;
    ::sigaction(signal, &standard, nullptr);
  }
}

}  // namespace

bool install_quarantine_handler() noexcept {
  std::lock_guard const lock{install_mutex};
  if (installed) return true;
  struct sigaction ours{};
  ours.sa_sigaction = on_fault;
  ours.sa_flags = SA_SIGINFO | SA_ONSTACK;
  ::sigemptyset(&ours.sa_mask);
  for (std::size_t i = 0; i < watched.size(); ++i) {
    if (::sigaction(watched[i], nullptr, &former_action[i]) != 0) return false;
  }
  for (int const signal : watched) {
    if (::sigaction(signal, &ours, nullptr) != 0) return false;
  }
  installed = true;
  return true;
}

void remove_quarantine_handler() noexcept {
  std::lock_guard const lock{install_mutex};
  if (!installed) return;
  for (std::size_t i = 0; i < watched.size(); ++i) {
    struct sigaction current{};
    bool const ours = ::sigaction(watched[i], nullptr, &current) == 0 &&
                      (current.sa_flags & SA_SIGINFO) != 0 && current.sa_sigaction == on_fault;
    if (ours) ::sigaction(watched[i], &former_action[i], nullptr);
  }
  installed = false;
}

#else

bool install_quarantine_handler() noexcept { return false; }
void remove_quarantine_handler() noexcept {}

#endif

}  // namespace tidemark
