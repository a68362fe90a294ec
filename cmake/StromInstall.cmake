# Installs the C++ client, so that other projects say find_package(Strom) and link Strom::client:
#   cmake --install BUILD --component client --prefix PREFIX
# Static libraries of the client and of all it is made of, its public headers and those of common/ that they include.
include(CMakePackageConfigHelpers)
include(GNUInstallDirs)

set(strom_headers ${CMAKE_INSTALL_INCLUDEDIR}/strom-client)  # Laid out as the repository.
set(strom_package ${CMAKE_INSTALL_LIBDIR}/cmake/Strom)

# Adds to the list `out` the targets of ours that `target` links, and those that they link.
function(strom_closure target out)
  set(found ${${out}} ${target})
  get_target_property(links ${target} INTERFACE_LINK_LIBRARIES)
  foreach(link IN LISTS links)
    string(REGEX REPLACE "^\\$<LINK_ONLY:(.*)>$" "\\1" link "${link}")
    if(link MATCHES "^strom_" AND NOT link IN_LIST found)
      set(${out} ${found})
      strom_closure(${link} ${out})
      set(found ${${out}})
    endif()
  endforeach()
  set(${out} ${found} PARENT_SCOPE)
endfunction()

set(strom_installed)
strom_closure(strom_client strom_installed)
foreach(target IN LISTS strom_installed)
  # Paths of the source and build trees mean nothing elsewhere.
  foreach(property IN ITEMS INTERFACE_INCLUDE_DIRECTORIES INTERFACE_SYSTEM_INCLUDE_DIRECTORIES)
    get_target_property(directories ${target} ${property})
    if(directories)
      list(TRANSFORM directories REPLACE "^(.+)$" "$<BUILD_INTERFACE:\\1>")
      set_target_properties(${target} PROPERTIES ${property} "${directories}")
    endif()
  endforeach()
endforeach()
target_include_directories(strom_client INTERFACE $<INSTALL_INTERFACE:${strom_headers}>
                           $<INSTALL_INTERFACE:${strom_headers}/client/include>)
target_compile_features(strom_client INTERFACE cxx_std_20)
set_target_properties(strom_client PROPERTIES EXPORT_NAME client)

install(TARGETS ${strom_installed} EXPORT StromTargets ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT client)
install(EXPORT StromTargets NAMESPACE Strom:: DESTINATION ${strom_package} COMPONENT client)
foreach(folder IN ITEMS client/include/strom common/base common/types common/runtime)
  install(DIRECTORY ${PROJECT_SOURCE_DIR}/${folder}/ DESTINATION ${strom_headers}/${folder} COMPONENT client
          FILES_MATCHING PATTERN "*.h" PATTERN "*.inc")
endforeach()
configure_package_config_file(${PROJECT_SOURCE_DIR}/cmake/StromConfig.cmake.in
                              ${CMAKE_CURRENT_BINARY_DIR}/StromConfig.cmake INSTALL_DESTINATION ${strom_package})
write_basic_package_version_file(${CMAKE_CURRENT_BINARY_DIR}/StromConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/StromConfig.cmake ${CMAKE_CURRENT_BINARY_DIR}/StromConfigVersion.cmake
        DESTINATION ${strom_package} COMPONENT client)
