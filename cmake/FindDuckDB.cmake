# DuckDB::DuckDB: the static libraries and the C header that scripts/install-duckdb.sh puts on the machine.
#   DuckDB_ROOT   another prefix that holds include/duckdb.h and lib/*.a (CMake variable or environment)
# The version is part of the prefix's name, so a tree never picks up another one than it was tested with.
include(FindPackageHandleStandardArgs)
execute_process(COMMAND ${PROJECT_SOURCE_DIR}/scripts/install-duckdb.sh --where
                OUTPUT_VARIABLE _prefix OUTPUT_STRIP_TRAILING_WHITESPACE)
find_path(DuckDB_INCLUDE_DIR duckdb.h HINTS ${_prefix} PATH_SUFFIXES include NO_DEFAULT_PATH)
find_library(DuckDB_LIBRARY libduckdb_static.a HINTS ${_prefix} PATH_SUFFIXES lib NO_DEFAULT_PATH)
mark_as_advanced(DuckDB_INCLUDE_DIR DuckDB_LIBRARY)
find_package_handle_standard_args(DuckDB REQUIRED_VARS DuckDB_LIBRARY DuckDB_INCLUDE_DIR
                                  REASON_FAILURE_MESSAGE "run scripts/install.sh")
if(DuckDB_FOUND AND NOT TARGET DuckDB::DuckDB)
  find_package(Threads REQUIRED)
  get_filename_component(_lib ${DuckDB_LIBRARY} DIRECTORY)
  file(GLOB _parts ${_lib}/*.a)  # They refer to each other in circles.
  add_library(DuckDB::DuckDB INTERFACE IMPORTED)
  set_target_properties(DuckDB::DuckDB PROPERTIES
    INTERFACE_INCLUDE_DIRECTORIES ${DuckDB_INCLUDE_DIR}
    INTERFACE_LINK_LIBRARIES "-Wl,--start-group;${_parts};-Wl,--end-group;Threads::Threads;${CMAKE_DL_LIBS}")
endif()
