// SPDX-License-Identifier: BSL-1.0
#include "peers.hpp"

#include <dlfcn.h>

#include <cstdio>
#include <cstdlib>
#include <new>
#include <string_view>
#include <tidemark/upstream/mimalloc_resource.hpp>

namespace perf {
namespace {

// The address is looked up by name: that of a function in our own code could be a stub of the
// linker's.
bool lies_in(char const* symbol, std::string_view library) {
  Dl_info found{};
  void* const address = dlsym(RTLD_DEFAULT, symbol);
  return address != nullptr && dladdr(address, &found) != 0 && found.dli_fname != nullptr &&
         std::string_view(found.dli_fname).find(library) != std::string_view::npos;
}

void require(bool holds, char const* what) {
  if (holds) return;
  std::fprintf(stderr, "perf: %s\n", what);
  std::exit(EXIT_FAILURE);
}

}  // namespace

void require_real_heaps() {
  require(lies_in("malloc", "libc.so"), "malloc is not glibc's: \"new/delete\" would be another");
  require(lies_in("_Znwm", "libstdc++"), "operator new is not libstdc++'s");
  require(tidemark::mimalloc_resource() != std::pmr::new_delete_resource(),
          "mimalloc was not found: install libmimalloc2.0");
}

}  // namespace perf
