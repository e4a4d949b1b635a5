// SPDX-License-Identifier: BSL-1.0
#include <fstream>
#include <rows/resident_memory.hpp>
#include <string>

namespace cpp_outline {

std::size_t peak_resident_bytes() {
  std::ifstream status{"/proc/self/status"};
  for (std::string word; status >> word;) {
    std::size_t kibibytes = 0;
    if (word == "VmHWM:" && status >> kibibytes) return kibibytes * 1024;
  }
  return 0;
}

}  // namespace cpp_outline
