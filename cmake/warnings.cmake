# SPDX-License-Identifier: BSL-1.0

# tidemark_warnings(target): the warnings that tidemark's own code is free of. They are private to
# the target: a user's build does not see them.
function(tidemark_warnings target)
  target_compile_options(${target} PRIVATE
    -Wall -Wextra -Wconversion -Wsign-conversion -Wshadow
    $<$<BOOL:${TIDEMARK_WARNINGS_AS_ERRORS}>:-Werror>)
endfunction()
