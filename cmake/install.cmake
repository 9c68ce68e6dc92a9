# What belongs on a machine: the program, its unit, the configuration, man pages and completion. The build makes the
# last two into the build folder. An operator's configuration is never overwritten.
install(TARGETS elrelay RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(FILES systemd/elrelay.service DESTINATION lib/systemd/system)
install(FILES ${CMAKE_BINARY_DIR}/man/elrelay.1 DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
install(FILES ${CMAKE_BINARY_DIR}/man/elrelay.yaml.5 DESTINATION ${CMAKE_INSTALL_MANDIR}/man5)
install(FILES ${CMAKE_BINARY_DIR}/elrelay.bash RENAME elrelay
        DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions)
install(CODE "set(source \"${CMAKE_SOURCE_DIR}/config/elrelay.yaml\")")
install(CODE [[
    set(folder /etc/elrelay)
    if(EXISTS "$ENV{DESTDIR}${folder}/elrelay.yaml")
        message(STATUS "Kept as it is: $ENV{DESTDIR}${folder}/elrelay.yaml")
    else()
        file(INSTALL "${source}" DESTINATION ${folder})
    endif()
]])
