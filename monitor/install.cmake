# What is installed beside etwas, etwasc and etwas-ping, and their package.
install(FILES ${PROJECT_SOURCE_DIR}/LICENSE
  DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/etwas RENAME copyright COMPONENT monitor)
install(DIRECTORY ${PROJECT_SOURCE_DIR}/docs/man/
  DESTINATION ${CMAKE_INSTALL_MANDIR}/man1 COMPONENT monitor FILES_MATCHING PATTERN "*.1")

# The rule that lets others probe etwas-ping names the inode it was installed with, so
# it is made on the spot (packages do it when they are installed). Either component may
# come first.
foreach(component IN ITEMS controller monitor)
  install(CODE "
    if(NOT DEFINED ENV{ETWAS_PACKAGING} AND \"\$ENV{DESTDIR}\" STREQUAL \"\")
      set(policy \"\${CMAKE_INSTALL_PREFIX}/${CMAKE_INSTALL_SYSCONFDIR}/etwas/policy\")
      if(CMAKE_INSTALL_PREFIX STREQUAL \"/usr\")
        set(policy /etc/etwas/policy)
      endif()
      execute_process(COMMAND \"${PROJECT_SOURCE_DIR}/controller/ping-rule.sh\" \"\${policy}\"
        \"\${CMAKE_INSTALL_PREFIX}/${CMAKE_INSTALL_BINDIR}\" COMMAND_ERROR_IS_FATAL ANY)
    endif()" COMPONENT ${component})
endforeach()

set(CPACK_DEBIAN_MONITOR_PACKAGE_NAME etwas)
set(CPACK_DEBIAN_MONITOR_PACKAGE_SECTION admin)
set(CPACK_DEBIAN_MONITOR_PACKAGE_RECOMMENDS etwas-controller)
set(CPACK_COMPONENT_MONITOR_DESCRIPTION
"etwas asks etwas-controller for a trace session, decodes, filters and prints what comes.
etwasc prints the events that come to a relay. etwas-ping sends numbered events to try
it with.")
