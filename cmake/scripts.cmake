# The Lua scripts, each a file of its own, become one C file: text and SHA-1 of each, in the order of names.
file(GLOB elrelay_scripts CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/src/edge/queue/scripts/*.lua)
set(elrelay_script_source ${CMAKE_BINARY_DIR}/scripts.c)
add_custom_command(
    OUTPUT ${elrelay_script_source}
    COMMAND ${CMAKE_COMMAND} -DOUT=${elrelay_script_source}
            -DFOLDER=${CMAKE_SOURCE_DIR}/src/edge/queue/scripts
            -P ${CMAKE_SOURCE_DIR}/cmake/embed_scripts.cmake
    DEPENDS ${elrelay_scripts} ${CMAKE_SOURCE_DIR}/cmake/embed_scripts.cmake
    VERBATIM)
