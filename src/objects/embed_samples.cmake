# cmake -DFOLDER=<samples> -DJAR=<script-runner.jar> -DOUT=<file.cc> -P embed_samples.cmake
# Writes every file below FOLDER, and the jar, as arrays of bytes.

file(GLOB_RECURSE files RELATIVE ${FOLDER} ${FOLDER}/*)
list(FILTER files EXCLUDE REGEX "^(jars/|README\\.md$)|__pycache__|\\.pyc$")
list(SORT files)

set(arrays "")
set(entries "")
set(number 0)
function(embed path key)
  file(READ ${path} hex HEX)
  string(REGEX REPLACE "(..)" "'\\\\x\\1'," bytes "${hex}")
  string(REGEX REPLACE "(('[^,]*,){16})" "\\1\n" bytes "${bytes}")
  string(APPEND arrays "constexpr char kBytes${number}[] = {\n${bytes}};\n")
  string(APPEND entries "    {\"${key}\", {kBytes${number}, sizeof(kBytes${number})}},\n")
  math(EXPR number "${number} + 1")
  set(arrays "${arrays}" PARENT_SCOPE)
  set(entries "${entries}" PARENT_SCOPE)
  set(number ${number} PARENT_SCOPE)
endfunction()

foreach(file ${files})
  embed(${FOLDER}/${file} ${file})
endforeach()
embed(${JAR} libs/script-runner/script-runner.jar)

file(WRITE ${OUT} "// Made by src/objects/embed_samples.cmake from samples/.
#include \"objects/samples.h\"

namespace howdah::objects {
namespace {
${arrays}
constexpr Sample kSamples[] = {
${entries}};
}  // namespace

std::span<const Sample> samples() { return kSamples; }

}  // namespace howdah::objects
")
