# strom_library(NAME [DEPS target...] [PRIVATE_DEPS target...])
#
# One static library made of every .cc file directly in the calling folder; main.cc is left out (it belongs to an
# executable). Headers are included from the repository root: #include "common/base/status.h". A folder without
# sources gives a header-only library. DEPS are visible to users of the library, PRIVATE_DEPS are not.
function(strom_library name)
  cmake_parse_arguments(arg "" "" "DEPS;PRIVATE_DEPS" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cc)
  list(REMOVE_ITEM sources ${CMAKE_CURRENT_SOURCE_DIR}/main.cc)
  if(sources)
    add_library(${name} STATIC ${sources})
    target_include_directories(${name} PUBLIC ${PROJECT_SOURCE_DIR})
    target_link_libraries(${name} PUBLIC ${arg_DEPS} PRIVATE ${arg_PRIVATE_DEPS})
    if(STROM_UNITY)
      set_target_properties(${name} PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE 8)
    endif()
  else()
    add_library(${name} INTERFACE)
    target_include_directories(${name} INTERFACE ${PROJECT_SOURCE_DIR})
    target_link_libraries(${name} INTERFACE ${arg_DEPS})
  endif()
endfunction()

# strom_test(NAME [DEPS target...] [LABELS label...])
#
# One Catch2 executable made of every *_test.cc (and other .cc) file directly in the calling folder; each TEST_CASE is
# a ctest test of its own.
function(strom_test name)
  cmake_parse_arguments(arg "" "" "DEPS;LABELS" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cc)
  if(NOT sources)
    return()
  endif()
  add_executable(${name} ${sources})
  target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR})
  target_link_libraries(${name} PRIVATE ${arg_DEPS} strom_testing Catch2::Catch2WithMain)
  # Assertions are spelled out a lot and run once: their compile time counts more than their speed.
  target_compile_options(${name} PRIVATE $<$<CONFIG:Release>:-O1>)
  catch_discover_tests(${name} TEST_PREFIX "${name}: " DISCOVERY_MODE PRE_TEST
                       PROPERTIES TIMEOUT 300 LABELS "${arg_LABELS}")
endfunction()

# strom_allocator(TARGET): a program whose jobs make and drop rows by the million. Sanitizers bring allocators of their own.
function(strom_allocator target)
  if(NOT STROM_SANITIZE)
    target_link_libraries(${target} PRIVATE ${STROM_TCMALLOC_LIBRARY})
  endif()
endfunction()
