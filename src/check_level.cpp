// SPDX-License-Identifier: BSL-1.0
#include <cstdlib>
#include <cstring>
#include <tidemark/check_level.hpp>
#include <tidemark/detail/poison.hpp>

namespace tidemark {
namespace {

bool automatic_checks() noexcept {
  // A program that calls setenv in one thread while another reads is broken anyway.
  // NOLINTNEXTLINE(concurrency-mt-unsafe)
  if (char const* const asked = std::getenv("TIDEMARK_CHECK")) {
    if (std::strcmp(asked, "0") == 0) return false;
    if (std::strcmp(asked, "1") == 0) return true;
  }
  return detail::address_sanitizer_present();
}

}  // namespace

bool checks_enabled(check_level level) noexcept {
  if (level != check_level::automatic) return level == check_level::on;
  static bool const enabled = automatic_checks();
  return enabled;
}

}  // namespace tidemark
