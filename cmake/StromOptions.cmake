# Options, compiler settings and third-party packages. Presets (CMakePresets.json) choose among them.
option(STROM_BUILD_TESTS "Build the tests" ON)
set(STROM_SANITIZE "" CACHE STRING "Sanitizers, comma separated: address,undefined or thread")
option(STROM_UNITY "Unity build, batches of 8: for clean builds; hides missing includes, so not the default" OFF)

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)

# Release keeps our checks (STROM_CHECK never depends on NDEBUG) and no debug information: 8 % less compile time.
set(CMAKE_CXX_FLAGS_RELEASE "-O2 -g0")
set(CMAKE_CXX_FLAGS_DEBUG "-O0 -g1")

# crc32c is the only code that wants an instruction set above the x86-64 baseline; it asks for it by itself.
add_compile_options(-Wall -Wextra -Werror -Wno-missing-field-initializers)
if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  add_compile_options(-Wthread-safety)
endif()

if(STROM_SANITIZE)
  add_compile_options(-fsanitize=${STROM_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${STROM_SANITIZE})
endif()

find_program(STROM_CCACHE ccache)
if(STROM_CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${STROM_CCACHE})
endif()
find_program(STROM_MOLD mold)
if(STROM_MOLD)
  add_link_options(-fuse-ld=mold)
endif()

find_package(Threads REQUIRED)
find_package(fmt REQUIRED)
find_package(absl REQUIRED CONFIG)
find_package(Protobuf REQUIRED)
find_package(gRPC REQUIRED CONFIG)
find_package(RocksDB REQUIRED CONFIG)
find_package(nlohmann_json REQUIRED)
find_package(spdlog REQUIRED)
find_package(yaml-cpp REQUIRED)
find_package(OpenSSL REQUIRED)
find_program(STROM_FLATC flatc REQUIRED)
find_library(STROM_ZSTD_LIBRARY zstd REQUIRED)
find_library(STROM_LZ4_LIBRARY lz4 REQUIRED)
