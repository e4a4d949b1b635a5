# SPDX-License-Identifier: BSL-1.0

# A negative-compile test, run by `cmake -P` with COMPILE (a command), SOURCE and REGEX.
# It passes if SOURCE compiles with TIDEMARK_CONTROL defined, and without it is refused with a
# message that matches REGEX.
set(compile ${COMPILE} -fsyntax-only)

execute_process(COMMAND ${compile} -DTIDEMARK_CONTROL ${SOURCE}
  RESULT_VARIABLE status ERROR_VARIABLE messages)
if(NOT status EQUAL 0)
  message(FATAL_ERROR "The control does not compile, so a refusal proves nothing:\n${messages}")
endif()

execute_process(COMMAND ${compile} ${SOURCE} RESULT_VARIABLE status ERROR_VARIABLE messages)
if(status EQUAL 0)
  message(FATAL_ERROR "It compiles.")
endif()
if(NOT messages MATCHES "${REGEX}")
  message(FATAL_ERROR "It is refused, but no message matches '${REGEX}':\n${messages}")
endif()
