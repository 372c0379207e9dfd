# module(<path> [DEPS <path>...] [EXTERNAL <target>...] [GENERATED <file>...])
#
# One folder below src/ becomes:
#   howdah_<name>         the library: every *.cc of the folder but *_test.cc and main.cc
#   <name>_test           its unit tests: *_test.cc (registered with ctest, label "unit")
#   <name>_linktest       the whole archive linked against its declared dependencies only
#   <name>_headers        one translation unit per header, so that each header compiles alone
# and an include check: it may include only its own headers and those of the modules in DEPS.
# <name> is the path with '/' replaced by '_'. Files of a sub-folder belong to the module of the
# nearest folder that declares one.

function(howdah_sources out_sources out_tests out_headers dir)
  file(GLOB_RECURSE all CONFIGURE_DEPENDS ${dir}/*.cc)
  file(GLOB_RECURSE headers CONFIGURE_DEPENDS ${dir}/*.h)
  # what a nested module owns is not ours
  file(GLOB_RECURSE nested CONFIGURE_DEPENDS ${dir}/*/CMakeLists.txt)
  foreach(file ${nested})
    get_filename_component(inner ${file} DIRECTORY)
    list(FILTER all EXCLUDE REGEX "^${inner}/")
    list(FILTER headers EXCLUDE REGEX "^${inner}/")
  endforeach()
  set(tests ${all})
  list(FILTER tests INCLUDE REGEX "_test\\.cc$")
  list(FILTER all EXCLUDE REGEX "(_test|/main|_fuzz)\\.cc$")
  set(${out_sources} ${all} PARENT_SCOPE)
  set(${out_tests} ${tests} PARENT_SCOPE)
  set(${out_headers} ${headers} PARENT_SCOPE)
endfunction()

function(module path)
  cmake_parse_arguments(M "" "" "DEPS;EXTERNAL;GENERATED" ${ARGN})
  string(REPLACE "/" "_" name ${path})
  set(dir ${CMAKE_SOURCE_DIR}/src/${path})
  howdah_sources(sources tests headers ${dir})

  set(deps)
  foreach(dep ${M_DEPS})
    string(REPLACE "/" "_" dep ${dep})
    list(APPEND deps howdah_${dep})
  endforeach()

  if(NOT sources AND NOT M_GENERATED)
    file(GENERATE OUTPUT ${CMAKE_BINARY_DIR}/empty/${name}.cc CONTENT "// header-only module\n")
    set(sources ${CMAKE_BINARY_DIR}/empty/${name}.cc)
  endif()
  add_library(howdah_${name} STATIC ${sources} ${M_GENERATED})
  target_include_directories(howdah_${name} PUBLIC ${CMAKE_SOURCE_DIR}/src ${CMAKE_BINARY_DIR}/gen)
  target_link_libraries(howdah_${name} PUBLIC ${deps} ${M_EXTERNAL})
  if(NOT path STREQUAL base)
    target_precompile_headers(howdah_${name} REUSE_FROM howdah_base)
  endif()

  # The whole archive against its declared dependencies: an undeclared one is a link error.
  file(GENERATE OUTPUT ${CMAKE_BINARY_DIR}/linktest/${name}.cc CONTENT "int main() { return 0; }\n")
  add_executable(${name}_linktest EXCLUDE_FROM_ALL ${CMAKE_BINARY_DIR}/linktest/${name}.cc)
  target_link_libraries(${name}_linktest PRIVATE
    -Wl,--whole-archive $<TARGET_FILE:howdah_${name}> -Wl,--no-whole-archive ${deps} ${M_EXTERNAL})
  add_dependencies(${name}_linktest howdah_${name})
  add_dependencies(linktests ${name}_linktest)

  # Each header alone.
  set(header_units)
  foreach(header ${headers})
    file(RELATIVE_PATH rel ${CMAKE_SOURCE_DIR}/src ${header})
    string(MAKE_C_IDENTIFIER ${rel} id)
    set(unit ${CMAKE_BINARY_DIR}/headers/${id}.cc)
    file(GENERATE OUTPUT ${unit} CONTENT "#include \"${rel}\"\n")
    list(APPEND header_units ${unit})
  endforeach()
  if(header_units)
    add_library(${name}_headers OBJECT EXCLUDE_FROM_ALL ${header_units})
    target_link_libraries(${name}_headers PRIVATE howdah_${name})
    add_dependencies(headers ${name}_headers)
  endif()

  if(tests)
    add_executable(${name}_test EXCLUDE_FROM_ALL ${tests})
    target_link_libraries(${name}_test PRIVATE howdah_${name} GTest::gtest_main GTest::gmock
      rapidcheck Threads::Threads)
    target_precompile_headers(${name}_test REUSE_FROM howdah_base)
    add_dependencies(unit_tests ${name}_test)
    add_test(NAME unit.${name} COMMAND ${name}_test)
    set_tests_properties(unit.${name} PROPERTIES LABELS unit TIMEOUT 300)
  endif()

  # What the include check reads: a line a module.
  string(REPLACE ";" " " dep_list "${M_DEPS}")
  set_property(GLOBAL APPEND_STRING PROPERTY HOWDAH_MODULES "${path}: ${dep_list}\n")
endfunction()

# Writes <build>/modules.txt ("path: dep dep…"), which tools/tidy.py holds the includes against.
function(write_modules)
  get_property(modules GLOBAL PROPERTY HOWDAH_MODULES)
  file(WRITE ${CMAKE_BINARY_DIR}/modules.txt "${modules}")
endfunction()
