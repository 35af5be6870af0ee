# cmake -DFOLDER=models -DOUT=embedded_models.cpp -P embed_models.cmake: the presets become a table of texts, so that the
# command finds them wherever it is installed.
file(GLOB files ${FOLDER}/*.json)
list(SORT files)
set(rows "")
foreach(file IN LISTS files)
  get_filename_component(id ${file} NAME_WLE)
  file(READ ${file} text)
  string(APPEND rows "    {\"${id}\", R\"json(${text})json\"},\n")
endforeach()
file(WRITE ${OUT}.new "// Generated from models/*.json; edit those.\n#include \"workload/presets.h\"\n\n"
  "namespace ppu::workload {\nnamespace {\nconstexpr Preset kPresets[] = {\n${rows}};\n}\n"
  "std::span<const Preset> embedded_presets() { return kPresets; }\n}\n")
file(RENAME ${OUT}.new ${OUT})
